extension Instant {
  /// RFC 3339 in UTC: `2026-03-02T09:00:00Z`, with six decimals only when there are microseconds to show.
  public var rfc3339: String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(27)
    appendRFC3339(to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Appends what `rfc3339` returns, for writers that must not allocate.
  public func appendRFC3339(to bytes: inout [UInt8]) {
    let (seconds, micros) = microsecondsSince1970.flooringDivision(by: 1_000_000)
    let (days, secondOfDay) = seconds.flooringDivision(by: 86_400)
    let date = CivilDate(daysSince1970: Int(days))
    date.append(to: &bytes)
    bytes.append(UInt8(ascii: "T"))
    bytes.appendDigits(Int(secondOfDay / 3_600), width: 2)
    bytes.append(UInt8(ascii: ":"))
    bytes.appendDigits(Int(secondOfDay / 60 % 60), width: 2)
    bytes.append(UInt8(ascii: ":"))
    bytes.appendDigits(Int(secondOfDay % 60), width: 2)
    if micros != 0 {
      bytes.append(UInt8(ascii: "."))
      bytes.appendDigits(Int(micros), width: 6)
    }
    bytes.append(UInt8(ascii: "Z"))
  }

  /// Reads RFC 3339: `2026-03-02T09:00:00.25+10:00`. Nil for anything else.
  ///
  /// An offset or `Z` is required. `T` and `Z` may be lower case and `T` a space (RFC 3339, 5.6). Decimals beyond the
  /// sixth are dropped. A leap second (`:60`) counts as the first second of the next minute.
  public init?(rfc3339 text: String) {
    var scanner = DigitScanner(text)
    guard let year = scanner.number(width: 4), scanner.skip("-"),
      let month = scanner.number(width: 2), scanner.skip("-"),
      let day = scanner.number(width: 2), scanner.skip("T") || scanner.skip("t") || scanner.skip(" "),
      let date = CivilDate(year: year, month: month, day: day),
      let hour = scanner.number(width: 2), hour <= 23, scanner.skip(":"),
      let minute = scanner.number(width: 2), minute <= 59, scanner.skip(":"),
      let second = scanner.number(width: 2), second <= 60,
      let micros = scanner.fraction(),
      let offset = scanner.zoneOffset(), scanner.isAtEnd
    else { return nil }
    let seconds = Int64(date.daysSince1970) * 86_400 + Int64(hour * 3_600 + minute * 60 + second - offset)
    self.init(microsecondsSince1970: seconds * 1_000_000 + Int64(micros))
  }
}

/// Reads fixed-width decimal fields from text.
struct DigitScanner {
  private let bytes: [UInt8]
  private var position = 0

  init(_ text: String) {
    bytes = Array(text.utf8)
  }

  var isAtEnd: Bool { position == bytes.count }

  mutating func skip(_ character: Unicode.Scalar) -> Bool {
    guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  /// Exactly `width` digits.
  mutating func number(width: Int) -> Int? {
    guard position + width <= bytes.count else { return nil }
    var value = 0
    for byte in bytes[position..<position + width] {
      guard byte >= 0x30, byte <= 0x39 else { return nil }
      value = value * 10 + Int(byte - 0x30)
    }
    position += width
    return value
  }

  /// An optional `.` with digits, in microseconds. Nil when the digits are missing.
  mutating func fraction() -> Int? {
    guard skip(".") else { return 0 }
    var micros = 0
    var digits = 0
    while let digit = number(width: 1) {
      if digits < 6 { micros = micros * 10 + digit }
      digits += 1
    }
    guard digits > 0 else { return nil }
    for _ in 0..<max(0, 6 - digits) { micros *= 10 }
    return micros
  }

  /// `Z` or `±hh:mm`, in seconds east of UTC.
  mutating func zoneOffset() -> Int? {
    if skip("Z") || skip("z") { return 0 }
    let sign = skip("+") ? 1 : skip("-") ? -1 : 0
    guard sign != 0, let hours = number(width: 2), hours <= 23, skip(":"), let minutes = number(width: 2), minutes <= 59
    else { return nil }
    return sign * (hours * 3_600 + minutes * 60)
  }
}

extension [UInt8] {
  /// Appends `value` (not negative) in decimal, padded with zeros to `width` digits.
  mutating func appendDigits(_ value: Int, width: Int) {
    var divisor = 1
    for _ in 1..<Swift.max(width, 1) { divisor *= 10 }
    while value / divisor >= 10 { divisor *= 10 }
    while divisor > 0 {
      append(0x30 + UInt8(value / divisor % 10))
      divisor /= 10
    }
  }
}
