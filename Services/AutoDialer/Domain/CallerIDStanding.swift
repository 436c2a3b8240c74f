import Core

/// How a number to show stands. Pure: events come in with their time; nothing here knows what a number is.
struct CallerIDStanding: Hashable, Sendable {
  enum State: String, Hashable, Sendable, CaseIterable {
    /// New: few calls a day, growing. `active` follows by time, every other by alarm or by people.
    case warming
    /// In full use. Every other follows by alarm or by people.
    case active
    /// Rests until a time. `warming` or `active` follow by time or by people, `quarantined` and `retired` by people.
    case cooling
    /// Rests until somebody puts it back: only people lead out of it.
    case quarantined
    /// Never shown again. Nothing follows.
    case retired
  }

  enum Event: Hashable, Sendable, CaseIterable {
    /// Time alone: a rest or a warm-up may be over.
    case timePassed
    /// The number's calls went wrong (`CallerIDHealth`).
    case alarm
    /// What people decide.
    case activate, warmUp, rest, quarantine, retire
  }

  private(set) var state: State
  /// First day of the warm-up, on the number's calendar; nil when it is warm.
  private(set) var warmupStart: CivilDate?
  /// Set while it cools.
  private(set) var restsUntil: Instant?
  /// Alarms that followed each other within `memory`.
  private(set) var alarms: Int
  private(set) var lastAlarmAt: Instant?
  /// Calls from before then say nothing about the number as it is now.
  private(set) var judgedSince: Instant

  /// Calls a day from the first day on (voice-distribution, "Voice Warmup"); the last holds from then on.
  static let warmup = [20, 20, 30, 30, 40, 40, 50]
  /// What a warm number of the pool makes a day.
  static let fullDay = 50
  private static let rest = Duration.days(1)
  /// An alarm this long after the last one is a first one again.
  private static let memory = Duration.days(7)
  /// The alarm in succession that a rest of its own does not answer any more.
  private static let lastAlarm = 3

  init(warmingSince today: CivilDate, now: Instant) {
    (state, warmupStart, alarms, judgedSince) = (.warming, today, 0, now)
  }

  init(activeAt now: Instant) {
    (state, alarms, judgedSince) = (.active, 0, now)
  }

  /// As it was stored.
  init(
    state: State, warmupStart: CivilDate?, restsUntil: Instant?, alarms: Int, lastAlarmAt: Instant?,
    judgedSince: Instant
  ) {
    (self.state, self.warmupStart, self.restsUntil) = (state, warmupStart, restsUntil)
    (self.alarms, self.lastAlarmAt, self.judgedSince) = (alarms, lastAlarmAt, judgedSince)
  }

  /// Whether calls may show it.
  var isInUse: Bool { state == .warming || state == .active }

  /// Day of the warm-up, from 1; nil when it is warm.
  func warmupDay(on today: CivilDate) -> Int? {
    guard let warmupStart else { return nil }
    let day = max(0, today.daysSince1970 - warmupStart.daysSince1970) + 1
    return day < Self.warmup.count ? day : nil
  }

  /// Calls that the number may make on a day, of `most` when it is warm (nil: no cap).
  func cap(on today: CivilDate, most: Int?) -> Int? {
    guard let day = warmupDay(on: today) else { return most }
    return min(most ?? .max, Self.warmup[day - 1])
  }

  /// Takes an event. False: it changes nothing.
  @discardableResult
  mutating func handle(_ event: Event, at now: Instant, today: CivilDate) -> Bool {
    let before = self
    switch (state, event) {
    case (.retired, _):
      break
    case (_, .retire):
      enter(.retired)
    case (.cooling, .timePassed):
      if let restsUntil, now >= restsUntil { comeBack(now, today) }
    case (.warming, .timePassed):
      if warmupDay(on: today) == nil { (state, warmupStart) = (.active, nil) }
    case (.active, .timePassed), (.quarantined, .timePassed):
      break
    case (.warming, .alarm), (.active, .alarm):
      alarm(now)
    case (.cooling, .alarm), (.quarantined, .alarm):
      break  // Late news of calls from before the rest.
    case (_, .activate):
      guard state != .active else { break }
      (warmupStart, alarms, judgedSince) = (nil, 0, now)
      enter(.active)
    case (_, .warmUp):
      (warmupStart, alarms, judgedSince) = (today, 0, now)
      enter(.warming)
    case (.quarantined, .rest):
      break  // It rests already, and longer.
    case (_, .rest):
      enter(.cooling)
      restsUntil = now + Self.rest
    case (_, .quarantine):
      enter(.quarantined)
    }
    return self != before
  }

  private mutating func enter(_ next: State) { (state, restsUntil) = (next, nil) }

  private mutating func comeBack(_ now: Instant, _ today: CivilDate) {
    judgedSince = restsUntil ?? now  // Not when somebody looks: the same whenever that is.
    if warmupDay(on: today) == nil { warmupStart = nil }
    enter(warmupStart == nil ? .active : .warming)
  }

  /// The first alarm rests the number for a day, the next for two; one more and people must look.
  private mutating func alarm(_ now: Instant) {
    let isRepeated = lastAlarmAt.map { $0.duration(to: now) < Self.memory } ?? false
    alarms = isRepeated ? alarms + 1 : 1
    lastAlarmAt = now
    if alarms >= Self.lastAlarm {
      enter(.quarantined)
    } else {
      enter(.cooling)
      restsUntil = now + Self.rest * alarms
    }
  }
}
