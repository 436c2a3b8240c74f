/// The content of one TZif file (RFC 8536), version 2 or later.
struct TimeZoneFile: Equatable, Sendable {
  /// When the offset changes, in seconds since 1970, ascending. `offsets` holds one more: before the first change.
  let transitions: [Int64]
  /// Seconds east of UTC: `offsets[0]` before the first transition, `offsets[i + 1]` from transition `i`.
  let offsets: [Int32]
  /// From here on the footer speaks, in seconds since 1970. A name may change later than the last offset does.
  let tableEnd: Int64
  /// The rule for all times from `tableEnd`. Nil when the last offset stays.
  let footer: PosixTimeZone?

  /// A zone's file is below 4 kB. One that is much larger is no such file.
  static let largestFile = 256 * 1024
  /// RFC 8536 §3.2 leaves 64 bits; real files hold fewer than 300.
  private static let mostTransitions = 10_000

  /// Reads a file. Throws for anything that is not exactly as the standard says, leap-second files included: POSIX
  /// time, which `Instant` is, has no leap seconds.
  init(_ bytes: [UInt8]) throws(TimeZoneFileError) {
    guard bytes.count <= Self.largestFile else { throw TimeZoneFileError("is too large for a time zone") }
    var cursor = ByteCursor(bytes)
    // The first block repeats the data in 32 bits for old readers. Only its length matters.
    let old = try Header(&cursor)
    guard old.version >= UInt8(ascii: "2") else { throw TimeZoneFileError("is of version 1, which ends in 2038") }
    _ = try cursor.take(old.length(timeBytes: 4))

    let header = try Header(&cursor)
    guard header.transitionCount <= Self.mostTransitions else { throw TimeZoneFileError("has too many transitions") }
    guard header.leapSecondCount == 0 else { throw TimeZoneFileError("counts leap seconds") }
    var times: [Int64] = []
    for _ in 0..<header.transitionCount {
      let time = try cursor.integer(Int64.self)
      if let last = times.last, time <= last { throw TimeZoneFileError("has transitions out of order") }
      times.append(time)
    }
    let typeIndexes = Array(try cursor.take(header.transitionCount))
    var typeOffsets: [Int32] = []
    for _ in 0..<header.typeCount {
      let offset = try cursor.integer(Int32.self)
      // RFC 8536 §3.2: more than -25 hours and less than 26.
      guard offset > -90_000, offset < 93_600 else { throw TimeZoneFileError("has an impossible offset") }
      guard try cursor.integer(UInt8.self) <= 1 else { throw TimeZoneFileError("has a wrong daylight flag") }
      guard try cursor.integer(UInt8.self) < header.abbreviationBytes else {
        throw TimeZoneFileError("has an abbreviation outside its list")
      }
      typeOffsets.append(offset)
    }
    _ = try cursor.take(header.abbreviationBytes + header.standardCount + header.universalCount)
    tableEnd = times.last ?? .min
    (transitions, offsets) = try Self.changes(times: times, typeIndexes: typeIndexes, typeOffsets: typeOffsets)
    footer = try Self.footer(&cursor)
  }

  /// The changes after a second, and the offsets before and between them.
  func since(_ seconds: Int64) -> (transitions: ArraySlice<Int64>, offsets: ArraySlice<Int32>) {
    let first = transitions.firstIndex { $0 > seconds } ?? transitions.count
    return (transitions[first...], offsets[first...])
  }

  /// The table without the transitions that change the name alone.
  private static func changes(
    times: [Int64], typeIndexes: [UInt8], typeOffsets: [Int32]
  ) throws(TimeZoneFileError) -> (transitions: [Int64], offsets: [Int32]) {
    // RFC 8536 §3.2: type 0 applies before the first transition.
    var offsets = [typeOffsets[0]]
    var transitions: [Int64] = []
    for (time, index) in zip(times, typeIndexes) {
      guard Int(index) < typeOffsets.count else { throw TimeZoneFileError("names a type that it does not have") }
      let offset = typeOffsets[Int(index)]
      guard offset != offsets[offsets.count - 1] else { continue }
      transitions.append(time)
      offsets.append(offset)
    }
    return (transitions, offsets)
  }

  /// The POSIX rule between two line feeds at the end of the file.
  private static func footer(_ cursor: inout ByteCursor) throws(TimeZoneFileError) -> PosixTimeZone? {
    let rest = try cursor.take(cursor.remaining)
    let newline = UInt8(ascii: "\n")
    guard rest.count >= 2, rest.first == newline, rest.last == newline else {
      throw TimeZoneFileError("has no footer")
    }
    let rule = rest.dropFirst().dropLast()
    return rule.isEmpty ? nil : try PosixTimeZone(Array(rule))
  }

  /// RFC 8536 §3.1.
  private struct Header {
    let version: UInt8
    let universalCount: Int
    let standardCount: Int
    let leapSecondCount: Int
    let transitionCount: Int
    let typeCount: Int
    let abbreviationBytes: Int

    init(_ cursor: inout ByteCursor) throws(TimeZoneFileError) {
      guard try cursor.take(4).elementsEqual("TZif".utf8) else { throw TimeZoneFileError("is no TZif file") }
      version = try cursor.integer(UInt8.self)
      _ = try cursor.take(15)
      universalCount = Int(try cursor.integer(UInt32.self))
      standardCount = Int(try cursor.integer(UInt32.self))
      leapSecondCount = Int(try cursor.integer(UInt32.self))
      transitionCount = Int(try cursor.integer(UInt32.self))
      typeCount = Int(try cursor.integer(UInt32.self))
      abbreviationBytes = Int(try cursor.integer(UInt32.self))
      guard (1...256).contains(typeCount) else { throw TimeZoneFileError("has no types, or more than an index names") }
      guard abbreviationBytes > 0 else { throw TimeZoneFileError("has no abbreviations") }
      guard universalCount == 0 || universalCount == typeCount, standardCount == 0 || standardCount == typeCount else {
        throw TimeZoneFileError("has flags for other types than its own")
      }
    }

    /// Bytes of the block behind this header. Every count is below 2³², so the sum cannot overflow.
    func length(timeBytes: Int) -> Int {
      transitionCount * (timeBytes + 1) + typeCount * 6 + abbreviationBytes + leapSecondCount * (timeBytes + 4)
        + standardCount + universalCount
    }
  }
}
