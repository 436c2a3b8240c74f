/// When a person asks to be called again.
struct CallbackTime: Hashable, Sendable {
  /// As they say it, fitting after "call me back".
  var phrase: String
  /// Counted from now, when they named no time of day.
  var minutesFromNow: Int?
  /// Days from today; 0 is today. Nil when they named a weekday or only a delay.
  var daysAhead: Int?
  /// ISO weekday, 1 is Monday; the next one after today.
  var weekday: Int?
  /// Minutes since midnight, in their own time zone.
  var minuteOfDay: Int?

  private static let weekdays = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"]
  /// Office hours as people say them, without and with the half of the day.
  private static let times: [(phrase: String, minute: Int)] = [
    ("at nine in the morning", 9 * 60), ("at nine thirty", 9 * 60 + 30), ("at ten", 10 * 60),
    ("at 10:30 am", 10 * 60 + 30),
    ("at eleven", 11 * 60), ("at two in the afternoon", 14 * 60), ("at 2 pm", 14 * 60), ("at three", 15 * 60),
    ("at 3:30 pm", 15 * 60 + 30), ("at four in the afternoon", 16 * 60),
  ]

  init(_ choice: Choice) {
    let time = choice.pick("callback time", from: CallbackTime.times)
    switch choice.integer("callback kind", in: 0...9) {
    case 0: self.init(phrase: "in an hour", minutesFromNow: 60)
    case 1: self.init(phrase: "in two hours", minutesFromNow: 120)
    case 2...6: self.init(phrase: "tomorrow \(time.phrase)", daysAhead: 1, minuteOfDay: time.minute)
    default:
      let weekday = choice.integer("callback weekday", in: 1...CallbackTime.weekdays.count)
      let day = CallbackTime.weekdays[weekday - 1]
      self.init(phrase: "on \(day) \(time.phrase)", weekday: weekday, minuteOfDay: time.minute)
    }
  }

  private init(
    phrase: String, minutesFromNow: Int? = nil, daysAhead: Int? = nil, weekday: Int? = nil, minuteOfDay: Int? = nil
  ) {
    self.phrase = phrase
    self.minutesFromNow = minutesFromNow
    self.daysAhead = daysAhead
    self.weekday = weekday
    self.minuteOfDay = minuteOfDay
  }
}
