import Core
import Testing

@testable import Telephony

@Suite struct TimeZoneFileTests {
  /// Big-endian bytes of a number.
  private func bytes<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
    withUnsafeBytes(of: number.bigEndian) { Array($0) }
  }

  /// A version 2 file with an empty first block, as `zic -b slim` writes.
  private func file(
    version: UInt8 = 0x32, transitions: [(Int64, UInt8)] = [(1_000, 1), (2_000, 0)], offsets: [Int32] = [0, 3_600],
    leapSeconds: Int = 0, footer: String = "\nUTC0\n"
  ) -> [UInt8] {
    func header(_ counts: [UInt32]) -> [UInt8] {
      Array("TZif".utf8) + [version] + [UInt8](repeating: 0, count: 15) + counts.flatMap(bytes)
    }
    var result = header([0, 0, 0, 0, 1, 1]) + [0, 0, 0, 0, 0, 0, 0]
    result += header([0, 0, UInt32(leapSeconds), UInt32(transitions.count), UInt32(offsets.count), 4])
    for (time, _) in transitions { result += bytes(time) }
    result += transitions.map(\.1)
    for offset in offsets { result += bytes(offset) + [0, 0] }
    result += Array("UTC\0".utf8) + [UInt8](repeating: 0, count: leapSeconds * 12)
    return result + Array(footer.utf8)
  }

  @Test func readsTheTableAndTheFooter() throws {
    let rules = try TimeZoneRules(name: "Test", file: file())
    #expect(rules.segment(at: 999) == .init(start: .min, end: 1_000, offset: 0))
    #expect(rules.segment(at: 1_000) == .init(start: 1_000, end: 2_000, offset: 3_600))
    #expect(rules.segment(at: 2_000) == .init(start: 2_000, end: .max, offset: 0))
  }

  @Test func withoutAFooterRuleTheLastOffsetStays() throws {
    let rules = try TimeZoneRules(name: "Test", file: file(transitions: [(1_000, 1)], footer: "\n\n"))
    #expect(rules.segment(at: 5_000_000_000) == .init(start: 1_000, end: .max, offset: 3_600))
  }

  @Test func aFileThatIsWrongIsRefused() {
    let wrong: [(String, [UInt8])] = [
      ("is no TZif file", Array("TZdb".utf8) + [UInt8](repeating: 0, count: 100)),
      ("ends before its data does", []),
      ("is of version 1, which ends in 2038", file(version: 0)),
      ("has transitions out of order", file(transitions: [(2_000, 1), (1_000, 0)])),
      ("names a type that it does not have", file(transitions: [(1_000, 7)])),
      ("has an impossible offset", file(offsets: [0, 93_600])),
      ("counts leap seconds", file(leapSeconds: 1)),
      ("has no footer", file(footer: "")),
      ("has no footer", file(footer: "UTC0")),
      ("has a malformed footer", file(footer: "\nEST5EDT,M3.2.0\n")),
      ("is too large for a time zone", [UInt8](repeating: 0, count: TimeZoneFile.largestFile + 1)),
    ]
    for (message, bytes) in wrong {
      #expect(throws: TimeZoneFileError(message)) { try TimeZoneFile(bytes) }
    }
  }

  @Test func everyTruncationIsRefused() {
    let whole = file(footer: "\nEST5EDT,M3.2.0,M11.1.0\n")
    for count in 0..<whole.count {
      #expect(throws: TimeZoneFileError.self) { try TimeZoneFile(Array(whole.prefix(count))) }
    }
  }

  /// 10,000 files in all: every one is read or refused, and one that is read answers lookups.
  @Test(arguments: UInt64(1)...20) func damageNeverCrashes(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let whole = file(footer: "\nEST5EDT,M3.2.0,M11.1.0\n")
    for _ in 0..<500 {
      var damaged = whole
      for _ in 0..<Int.random(in: 1...6, using: &generator) {
        damaged[Int.random(in: 0..<damaged.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
      }
      guard let rules = try? TimeZoneRules(name: "Damaged", file: damaged) else { continue }
      for instant in [Instant.distantPast, Instant(wholeSeconds: 1_500), Instant(wholeSeconds: 1_800_000_000)] {
        _ = rules.instants(of: rules.local(at: instant))
        _ = rules.nextTransition(after: instant)
        _ = rules.firstReaching(local: instant.wholeSeconds)
        _ = rules.lastReaching(local: instant.wholeSeconds)
      }
    }
  }
}
