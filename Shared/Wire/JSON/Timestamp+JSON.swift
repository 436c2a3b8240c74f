internal import Core
public import JSON

extension Timestamp {
  /// RFC 3339 with 0, 3, 6 or 9 digits of fraction, in UTC.
  public var json: JSONValue {
    let checked = clamped
    let (days, second) = checked.seconds.dividedFlooring(by: 86_400)
    let time = [second / 3600, second / 60 % 60, second % 60].map { twoDigits($0) }.joined(separator: ":")
    let date = CivilDate(daysSince1970: Int(days))
    return .string("\(date)T\(time)\(fraction(checked.nanos))Z")
  }

  /// Reads RFC 3339 with any offset and at most nine digits of fraction.
  public init(json: JSONValue) throws(WireJSONError) {
    guard case .string(let text) = json else { throw WireJSON.expected("a time as in 2026-03-02T09:00:00Z", json) }
    var reader = TimeReader(text)
    guard let date = reader.date(), reader.skip("T"), let time = reader.timeOfDay(), let nanos = reader.fraction(),
      let offset = reader.offset(), reader.isAtEnd
    else {
      throw WireJSONError(message: "expected a time as in 2026-03-02T09:00:00Z, found \(WireJSON.quoted(text))")
    }
    let seconds = Int64(date.daysSince1970) * 86_400 + time - offset
    guard Timestamp.secondsRange.contains(seconds) else {
      throw WireJSONError(message: "\(text) is outside the years 1 to 9999")
    }
    self.init(seconds: seconds, nanos: nanos)
  }
}

extension ProtobufDuration {
  /// Seconds with 0, 3, 6 or 9 digits of fraction, for example `1.500s`.
  public var json: JSONValue {
    let checked = clamped
    let sign = checked.seconds < 0 || checked.nanos < 0 ? "-" : ""
    return .string("\(sign)\(checked.seconds.magnitude)\(fraction(Int32(checked.nanos.magnitude)))s")
  }

  /// Reads seconds with at most nine digits of fraction and the suffix `s`.
  public init(json: JSONValue) throws(WireJSONError) {
    guard case .string(let text) = json else { throw WireJSON.expected("a duration as in 1.5s", json) }
    var reader = TimeReader(text)
    let isNegative = reader.skip("-")
    guard let seconds = reader.number(digits: 1...12), let nanos = reader.fraction(), reader.skip("s"), reader.isAtEnd
    else { throw WireJSONError(message: "expected a duration as in 1.5s, found \(WireJSON.quoted(text))") }
    guard ProtobufDuration.secondsRange.contains(seconds) else {
      throw WireJSONError(message: "\(text) is longer than 315576000000s")
    }
    self.init(seconds: isNegative ? -seconds : seconds, nanos: isNegative ? -nanos : nanos)
  }
}

private func twoDigits(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }

/// The fraction with its point, in groups of three digits; empty for zero.
private func fraction(_ nanos: Int32) -> String {
  if nanos == 0 { return "" }
  let digits = String(String(1_000_000_000 + Int(nanos)).dropFirst())
  if nanos % 1_000_000 == 0 { return "." + digits.prefix(3) }
  return nanos % 1000 == 0 ? "." + digits.prefix(6) : "." + digits
}

/// Reads the parts of times and durations from left to right; nil means that the part is not there.
private struct TimeReader {
  private var rest: Substring.UTF8View

  init(_ text: String) {
    rest = Substring(text).utf8
  }

  var isAtEnd: Bool { rest.isEmpty }

  mutating func skip(_ character: Unicode.Scalar) -> Bool {
    guard let first = rest.first, first == UInt8(ascii: character) else { return false }
    rest.removeFirst()
    return true
  }

  mutating func number(digits: ClosedRange<Int>) -> Int64? {
    let text = rest.prefix(digits.upperBound).prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    guard digits.contains(text.count), let number = Int64(Substring(text)) else { return nil }
    rest = rest.dropFirst(text.count)
    return number
  }

  mutating func date() -> CivilDate? {
    guard let year = number(digits: 4...4), skip("-"), let month = number(digits: 2...2), skip("-"),
      let day = number(digits: 2...2)
    else { return nil }
    return CivilDate(year: Int(year), month: Int(month), day: Int(day))
  }

  /// Seconds since midnight. Leap seconds are refused, as timestamp.proto has none.
  mutating func timeOfDay() -> Int64? {
    guard let hour = number(digits: 2...2), skip(":"), let minute = number(digits: 2...2), skip(":"),
      let second = number(digits: 2...2), hour < 24, minute < 60, second < 60
    else { return nil }
    return hour * 3600 + minute * 60 + second
  }

  /// Nanoseconds; zero when there is no point.
  mutating func fraction() -> Int32? {
    guard skip(".") else { return 0 }
    let before = rest.count
    guard var number = number(digits: 1...9) else { return nil }
    for _ in (before - rest.count)..<9 { number *= 10 }
    return Int32(number)
  }

  /// Seconds east of UTC.
  mutating func offset() -> Int64? {
    if skip("Z") { return 0 }
    let isWest = skip("-")
    guard isWest || skip("+"), let hour = number(digits: 2...2), skip(":"), let minute = number(digits: 2...2),
      hour < 24, minute < 60
    else { return nil }
    return (isWest ? -1 : 1) * (hour * 3600 + minute * 60)
  }
}
