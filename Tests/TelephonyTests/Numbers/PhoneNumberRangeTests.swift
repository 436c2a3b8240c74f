import Core
import Telephony
import Testing

/// Numbers of the United States and Canada are read by what is known of their ranges; that must be what libphonenumber says
/// of each of them.
@Suite struct PhoneNumberRangeTests {
  private func reading(_ text: String, _ region: String? = nil) -> Result<PhoneNumber, PhoneNumberError> {
    Result { () throws(PhoneNumberError) in try PhoneNumber.parse(text, defaultRegion: region) }
  }

  /// Ranges anywhere in the plan; in most, every number is one that libphonenumber knows.
  private func range(_ generator: inout SeededGenerator) -> String {
    let known = [201, 204, 212, 242, 246, 264, 416, 500, 505, 523, 524, 600, 622, 658, 684, 787, 800, 809, 867, 900]
    let area =
      Bool.random(using: &generator)
      ? known.randomElement(using: &generator) ?? 212 : Int.random(in: 200...999, using: &generator)
    return "\(area)\(Int.random(in: 200...999, using: &generator))"
  }

  @Test(arguments: UInt64(1)...100) func aNumberIsReadAsLibphonenumberReadsIt(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<20 {
      let range = range(&generator)
      let lines = [0, 9999] + (0..<4).map { _ in Int.random(in: 0...9999, using: &generator) }
      for line in lines.shuffled(using: &generator) {
        let tail = String(String(10_000 + line).dropFirst())
        // A full-width plus is nothing that the ranges are asked about.
        let said = reading("\u{FF0B}1\(range)\(tail)")
        #expect(reading("+1\(range)\(tail)") == said)
        guard case .success = said else { continue }
        let home = ["US", "CA", "AG", "BB", "JM", "PR"].randomElement(using: &generator)
        let (area, exchange) = (range.prefix(3), range.suffix(3))
        let forms = [
          "\(range)\(tail)", "(\(area)) \(exchange)-\(tail)", "\(area).\(exchange).\(tail)",
          "+1 (\(area)) \(exchange) - \(tail) ",
        ]
        for form in forms { #expect(reading(form, home) == said) }
      }
    }
  }

  @Test func theRegionMustExistWhateverTheNumber() {
    _ = reading("+12127365000")
    guard case .failure(let error) = reading("+12127365000", "XX") else {
      Issue.record("a region that does not exist was taken")
      return
    }
    #expect(error.code == .unknownRegion)
  }
}
