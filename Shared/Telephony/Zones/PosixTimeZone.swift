/// A POSIX TZ rule, such as "EST5EDT,M3.2.0,M11.1.0" (POSIX.1-2017 §8.3 with the extensions of RFC 8536 §3.3).
struct PosixTimeZone: Hashable, Sendable {
  /// When in a year the clock changes.
  struct Change: Hashable, Sendable {
    enum Day: Hashable, Sendable {
      /// Jn: 1 to 365; 29 February is never counted.
      case julian(Int)
      /// n: 0 to 365; 29 February is counted.
      case ordinal(Int)
      /// Mm.w.d: week 1 to 5 (5 means the last), weekday 0 (Sunday) to 6.
      case weekday(month: Int, week: Int, weekday: Int)
    }
    let day: Day
    /// Seconds after local midnight, by the clock before the change; −167 to 167 hours.
    let secondOfDay: Int64
  }

  /// Daylight saving time: its offset, and its two changes a year.
  struct Daylight: Hashable, Sendable {
    let offset: Int32
    let begins: Change
    let ends: Change
  }

  /// Seconds east of UTC in standard time.
  let standardOffset: Int32
  /// Nil when the clock never changes.
  let daylight: Daylight?

  init(_ bytes: [UInt8]) throws(TimeZoneFileError) {
    var parser = Parser(bytes: bytes)
    try parser.skipName()
    standardOffset = -Int32(try parser.time(hours: 24))
    guard !parser.isAtEnd else {
      daylight = nil
      return
    }
    try parser.skipName()
    // Without an offset of its own, daylight saving time is an hour ahead.
    let offset = parser.peek == UInt8(ascii: ",") ? standardOffset + 3600 : -Int32(try parser.time(hours: 24))
    try parser.expect(UInt8(ascii: ","))
    let begins = try parser.change()
    try parser.expect(UInt8(ascii: ","))
    let ends = try parser.change()
    guard parser.isAtEnd else { throw TimeZoneFileError("has a footer that goes on too long") }
    daylight = Daylight(offset: offset, begins: begins, ends: ends)
  }

  /// The changes of a year, with the offset that each brings, ascending. Empty when the clock never changes.
  func changes(inYear year: Int64) -> [(seconds: Int64, offset: Int32)] {
    guard let daylight else { return [] }
    let begin = daylight.begins.localSeconds(inYear: year) - Int64(standardOffset)
    let end = daylight.ends.localSeconds(inYear: year) - Int64(daylight.offset)
    let changes = [(seconds: begin, offset: daylight.offset), (seconds: end, offset: standardOffset)]
    return begin <= end ? changes : changes.reversed()
  }

  /// Reads the rule's text, every number within the bounds that the standard sets.
  private struct Parser {
    let bytes: [UInt8]
    var position = 0

    var isAtEnd: Bool { position == bytes.count }
    var peek: UInt8? { isAtEnd ? nil : bytes[position] }

    mutating func expect(_ byte: UInt8) throws(TimeZoneFileError) {
      guard take(byte) else { throw TimeZoneFileError("has a malformed footer") }
    }

    mutating func take(_ byte: UInt8) -> Bool {
      guard peek == byte else { return false }
      position += 1
      return true
    }

    /// "EST" or "<+0330>".
    mutating func skipName() throws(TimeZoneFileError) {
      let start = position
      let quoted = take(UInt8(ascii: "<"))
      while let byte = peek, byte.isLetter || (quoted && (byte.isDigit || byte.isSign)) { position += 1 }
      let length = position - start - (quoted ? 1 : 0)
      guard length >= 3 else { throw TimeZoneFileError("has a footer with a short zone name") }
      if quoted { try expect(UInt8(ascii: ">")) }
    }

    mutating func number(in range: ClosedRange<Int>) throws(TimeZoneFileError) -> Int {
      var value = 0
      let start = position
      while let byte = peek, byte.isDigit, position - start < 4 {
        value = value * 10 + Int(byte - UInt8(ascii: "0"))
        position += 1
      }
      guard position > start, range.contains(value) else {
        throw TimeZoneFileError("has a footer with a number out of range")
      }
      return value
    }

    /// [+-]hh[:mm[:ss]], in seconds.
    mutating func time(hours: Int) throws(TimeZoneFileError) -> Int64 {
      let negative = take(UInt8(ascii: "-"))
      if !negative { _ = take(UInt8(ascii: "+")) }
      var seconds = try number(in: 0...hours) * 3600
      if take(UInt8(ascii: ":")) {
        seconds += try number(in: 0...59) * 60
        if take(UInt8(ascii: ":")) { seconds += try number(in: 0...59) }
      }
      return Int64(negative ? -seconds : seconds)
    }

    mutating func change() throws(TimeZoneFileError) -> Change {
      let day: Change.Day
      if take(UInt8(ascii: "M")) {
        let month = try number(in: 1...12)
        try expect(UInt8(ascii: "."))
        let week = try number(in: 1...5)
        try expect(UInt8(ascii: "."))
        day = .weekday(month: month, week: week, weekday: try number(in: 0...6))
      } else if take(UInt8(ascii: "J")) {
        day = .julian(try number(in: 1...365))
      } else {
        day = .ordinal(try number(in: 0...365))
      }
      return Change(day: day, secondOfDay: take(UInt8(ascii: "/")) ? try time(hours: 167) : 7200)
    }
  }
}

extension PosixTimeZone.Change {
  /// Seconds from 1970-01-01T00:00:00 on the same calendar and clock.
  func localSeconds(inYear year: Int64) -> Int64 { daysSince1970(inYear: year) * 86_400 + secondOfDay }

  private func daysSince1970(inYear year: Int64) -> Int64 {
    let newYear = ProlepticCalendar.days(toYear: year, month: 1)
    switch day {
    case .julian(let number):
      let afterFebruary = ProlepticCalendar.isLeap(year) && number >= 60
      return newYear + Int64(number - 1) + (afterFebruary ? 1 : 0)
    case .ordinal(let number):
      return newYear + Int64(number)
    case .weekday(let month, let week, let weekday):
      let first = ProlepticCalendar.days(toYear: year, month: month)
      let next = ProlepticCalendar.days(toYear: month == 12 ? year + 1 : year, month: month == 12 ? 1 : month + 1)
      // 1970-01-01 was a Thursday, 4 when Sunday is 0.
      let weekdayOfFirst = (first + 4).flooredDivision(by: 7).remainder
      let days = (Int64(weekday) - weekdayOfFirst + 7) % 7 + Int64(week - 1) * 7
      return first + days < next ? first + days : first + days - 7
    }
  }
}

extension UInt8 {
  fileprivate var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }
  fileprivate var isLetter: Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self | 0x20) }
  fileprivate var isSign: Bool { self == UInt8(ascii: "+") || self == UInt8(ascii: "-") }
}
