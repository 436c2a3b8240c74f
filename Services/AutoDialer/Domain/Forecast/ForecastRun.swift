import Core
import Telephony

/// The run of a forecast: time goes on in steps; in each, what is due is called as far as the limits go, and what comes
/// of it is drawn by the assumed shares. Leads that are alike go together, so that a million cost no more than their
/// kinds. Pure.
///
/// The rules are the dialer's own: `RetryJudgement` says what follows a call, `DialWindow` when a number may be called.
struct ForecastRun {
  /// Leads that are alike.
  private struct Kind: Hashable {
    var profile: Int
    /// With a due time that means nothing.
    var entry: QueueEntry
    /// Sorted.
    var calls: [ForecastPast]
    var expiresAt: Instant?
  }

  /// Leads of one kind that came due at about the same time.
  private struct Lot {
    var kind: Int
    var count: Int
    /// The step in which they came due.
    var since: Int
  }

  /// Leads that wait for a step.
  private struct Wait: Hashable {
    var kind: Int
    var isForHours: Bool
  }

  /// What is due of one rank, in order.
  private struct Line {
    var lots: [Lot] = []
    var head = 0
    /// Where the newest lot of a kind is.
    var newest: [Int: Int] = [:]

    /// Kinds that keep coming due are put together by the hour, so that there are not as many lots as calls.
    mutating func append(_ lot: Lot) {
      if let index = newest[lot.kind], index >= head, lots[index].since + ForecastRun.stepsAnHour > lot.since {
        lots[index].count += lot.count
      } else {
        newest[lot.kind] = lots.count
        lots.append(lot)
      }
    }

    mutating func forgetPassed() {
      guard head > 0, head >= lots.count || head > 4_096 else { return }
      lots.removeFirst(head)
      newest = newest.compactMapValues { $0 >= head ? $0 - head : nil }
      head = 0
    }
  }

  /// What is to be done with a lot.
  private enum Judgement {
    case call(Callee.Number)
    case wait(until: Instant)
    case end(reason: String)
    /// Nobody asks for the call any more: it waits as it did before.
    case lapsed
  }

  private static let stepLength = Duration.minutes(5)
  private static let stepsAnHour = 12

  private let rules: CampaignRules
  private let assumptions: ForecastAssumptions
  /// Seconds of a line that a call takes in the mean, by the calls that the lead has had.
  private let meanSeconds: [Double]
  /// Calls that are on a line at once, of one that starts each minute.
  private let minutesOnLine: Double
  private let start: Instant
  private let steps: Int
  private var limits: ForecastLimits
  private var generator: SeededGenerator
  private var hours: ForecastHours
  private var profiles: [Callee] = []
  private var profileOf: [Callee: Int] = [:]
  private var kinds: [Kind] = []
  private var kindOf: [Kind: Int] = [:]
  private var examples: [Int: LeadID] = [:]
  private var pending: [[Wait: Int]]
  private var later = 0
  private var due: [Int: Line] = [:]
  private var next = 0
  private var tally: ForecastTally
  private(set) var result = Forecast()

  init(_ question: Forecast.Question, concurrency: Int? = nil) {
    rules = question.rules
    limits = concurrency.map(question.limits.withConcurrency) ?? question.limits
    assumptions = question.assumptions
    meanSeconds = assumptions.byCall.map { $0.reduce(0) { $0 + $1.share * $1.lineTime.inSeconds } }
    minutesOnLine = assumptions.byCall[0].reduce(0) {
      $0 + $1.share * ($1.lineTime / .minutes(1)).rounded(.up)
    }
    start = max(question.start, rules.startsAt ?? question.start)
    steps = max(1, Int((question.horizon / Self.stepLength).rounded(.up)))
    pending = Array(repeating: [:], count: steps)
    generator = SeededGenerator(seed: question.seed)
    hours = ForecastHours(rules: rules)
    tally = ForecastTally(zone: rules.zone)
    tally.begin(start, overdue: 0, into: &result)
    for group in question.groups { admit(group) }
  }

  private mutating func admit(_ group: Forecast.Group) {
    var entry = group.entry
    if group.isInFlight { entry.attempts -= 1 }
    let kind = kind(
      Kind(
        profile: profile(group.callee), entry: entry, calls: group.calls.sorted(), expiresAt: group.expiresAt))
    if examples[kind] == nil { examples[kind] = group.example }
    if group.isInFlight, let number = group.callee.numbers(for: entry).first {
      _ = place(Lot(kind: kind, count: group.count, since: 0), to: number, at: start)
    } else {
      wait(
        kind, group.count, until: group.entry.dueAt, forHours: group.entry.made == 0 && group.entry.dueAt > start)
    }
  }

  /// One step; false when every lead is done or nothing more can be called.
  mutating func step() -> Bool {
    if due.isEmpty {
      // Straight to the next step in which something comes due.
      guard let found = pending[next...].firstIndex(where: { !$0.isEmpty }) else {
        return finish(later > 0 ? .horizon : nil)
      }
      next = found
    }
    guard next < steps else { return finish(.horizon) }
    let now = instant(next)
    guard rules.runs(at: now) else { return finish(.schedule) }
    if let stop = limits.stop { return finish(stop) }
    if tally.isNewDay(now) { tally.begin(now, overdue: overdue, into: &result) }
    limits.begin(now, length: now.duration(to: instant(next + 1)))
    takeDue()
    call(at: now)
    next += 1
    return next < steps || finish(.horizon)
  }

  /// Steps begin at multiples of their length, so that days and hours begin with one; the first begins at the start.
  private func instant(_ step: Int) -> Instant {
    guard step > 0 else { return start }
    let length = Self.stepLength.microseconds
    return Instant(microsecondsSince1970: (start.microsecondsSince1970 / length + Int64(step)) * length)
  }

  /// The first step that begins at or after `instant`.
  private func step(at instant: Instant) -> Int {
    guard instant > start else { return 0 }
    let length = Self.stepLength.microseconds
    let whole = (instant.microsecondsSince1970 + length - 1) / length - start.microsecondsSince1970 / length
    return Int(whole)
  }

  private mutating func profile(_ callee: Callee) -> Int {
    if let known = profileOf[callee] { return known }
    profileOf[callee] = profiles.count
    profiles.append(callee)
    return profiles.count - 1
  }

  private mutating func kind(_ kind: Kind) -> Int {
    var kind = kind
    kind.entry.dueAt = .distantPast
    if let known = kindOf[kind] { return known }
    kindOf[kind] = kinds.count
    kinds.append(kind)
    return kinds.count - 1
  }

  private mutating func wait(_ kind: Int, _ count: Int, until instant: Instant, forHours: Bool) {
    let step = max(step(at: instant), next)
    guard step < steps else {
      later += count
      return
    }
    pending[step][Wait(kind: kind, isForHours: forHours), default: 0] += count
    tally.waiting(count, forHours: forHours)
  }

  private mutating func takeDue() {
    let coming = pending[next]
    pending[next] = [:]
    // In a fixed order: that of a dictionary differs from run to run.
    for (wait, count) in coming.sorted(by: { $0.key.kind < $1.key.kind }) {
      tally.waiting(-count, forHours: wait.isForHours)
      due[kinds[wait.kind].entry.rank, default: Line()].append(Lot(kind: wait.kind, count: count, since: next))
    }
  }

  /// Calls what is due in the order of a claim, until nothing is left or a limit says no.
  private mutating func call(at now: Instant) {
    var calls = 0
    var limit: Allowance.Limit?
    ranks: for rank in QueueEntry.ranksInOrder {
      guard var line = due.removeValue(forKey: rank) else { continue }
      defer {
        line.forgetPassed()
        if line.head < line.lots.count { due[rank] = line }
      }
      while line.head < line.lots.count {
        let lot = line.lots[line.head]
        let room = limits.room(seconds: meanSeconds[min(kinds[lot.kind].entry.made, meanSeconds.count - 1)])
        switch judge(lot, at: now) {
        case .call(let number):
          let count = min(lot.count, room.calls)
          if count > 0 {
            let seconds = place(Lot(kind: lot.kind, count: count, since: lot.since), to: number, at: now)
            limits.count(count, lineSeconds: seconds)
            calls += count
          }
          guard count == lot.count else {
            line.lots[line.head].count -= count
            limit = room.limit
            break ranks
          }
        case .wait(let until): wait(lot.kind, lot.count, until: max(until, instant(next + 1)), forHours: true)
        case .end(let reason): end(lot, reason, at: now)
        case .lapsed: wait(withoutWish(lot.kind), lot.count, until: instant(next + 1), forHours: false)
        }
        line.head += 1
      }
    }
    tally.called(calls, lines: lines(calls), limit: limit)
  }

  /// The most of a step's calls that are on a line at once: what can start together does.
  private func lines(_ calls: Int) -> Int {
    let together = limits.perMinute.map { Int((Double($0.most) * minutesOnLine).rounded(.up)) } ?? .max
    return min(calls, limits.lines.most, together)
  }

  /// As `DialDecision` would say, for what time decides.
  private mutating func judge(_ lot: Lot, at now: Instant) -> Judgement {
    let kind = kinds[lot.kind]
    if kind.entry.made >= rules.maxCallsPerLead { return .end(reason: RetryDecision.FinalReason.maximumCalls.rawValue) }
    if let expiresAt = kind.expiresAt, now >= expiresAt { return .end(reason: "expired") }
    if let notAfter = kind.entry.notAfter, now >= notAfter {
      return kind.entry.rank == QueueEntry.requested
        ? .lapsed : .end(reason: RetryDecision.FinalReason.dayIsOver.rawValue)
    }
    let callee = profiles[kind.profile]
    var opening: Instant?
    for number in callee.numbers(for: kind.entry) {
      switch hours.standing(of: number.place, avoiding: kind.entry.avoiding, at: now) {
      case .open: return .call(number)
      case .shut(let until): opening = min(opening ?? .distantFuture, until)
      case .never: break
      }
    }
    return opening.map { .wait(until: $0) } ?? .end(reason: callee.hopelessReason)
  }

  private mutating func withoutWish(_ index: Int) -> Int {
    var kind = kinds[index]
    kind.entry.notAfter = nil
    // Which of its calls was the last is not told apart: they differ little in what waits behind them.
    kind.entry.rank = DialPriority(lastOutcome: kind.calls.last?.outcome).rank(for: rules.callType)
    return self.kind(kind)
  }

  private mutating func end(_ lot: Lot, _ reason: String, at now: Instant) {
    result.leadsByEnd[reason, default: 0] += lot.count
    tally.finished(lot.count, at: now)
    if kinds[lot.kind].calls.isEmpty, let example = examples[lot.kind] {
      result.neverCalled[reason, default: .init()].add(lot.count, example: example)
    }
  }

  /// Calls a lot, and follows each share of it to what comes of it. Answers the seconds that lines were held.
  private mutating func place(_ lot: Lot, to number: Callee.Number, at now: Instant) -> Double {
    let endings = assumptions.endings(afterCalls: kinds[lot.kind].entry.made)
    var left = lot.count
    var shares = 1.0
    var seconds = 0.0
    for (index, ending) in endings.enumerated() where left > 0 {
      let isLast = index == endings.count - 1
      let count = isLast ? left : generator.successes(of: left, share: min(1, ending.share / max(shares, 1e-12)))
      shares -= ending.share
      left -= count
      guard count > 0 else { continue }
      seconds += ending.lineTime.inSeconds * Double(count)
      let cost = ending.costMicros * Int64(count)
      limits.spend(cost)
      tally.ended(count, answered: ending.outcome.reachedPerson, costMicros: cost)
      follow(Lot(kind: lot.kind, count: count, since: lot.since), ending, number, at: now)
    }
    return seconds
  }

  private mutating func follow(
    _ lot: Lot, _ ending: ForecastAssumptions.Ending, _ number: Callee.Number, at now: Instant
  ) {
    let kind = kinds[lot.kind]
    let callee = profiles[kind.profile]
    var entry = kind.entry
    entry.attempts += 1
    let call = PastCall(outcome: ending.outcome, at: now, isPermanentFailure: ending.isPermanent)
    let ended = now + ending.lineTime
    let judgement = RetryJudgement(
      .init(call: call, phone: number.phone, optedOut: false), earlier: kind.calls.map(\.judged), entry: entry,
      callee: callee, campaignIsOver: false, rules: rules, now: ended)
    switch judgement.verdict {
    case .finish(let reason):
      result.leadsByEnd[reason, default: 0] += lot.count
      tally.finished(lot.count, at: ended)
    case .retry(let retry):
      let isSpent = retry.spentNumbers != kind.entry.spentNumbers
      let past = ForecastPast(
        outcome: ending.outcome, isPermanent: ending.isPermanent, spentNumber: isSpent ? number.index : -1)
      let after = self.kind(
        Kind(
          profile: kind.profile, entry: retry, calls: (kind.calls + [past]).sorted(), expiresAt: kind.expiresAt))
      wait(after, lot.count, until: max(retry.dueAt, instant(next + 1)), forHours: false)
    }
  }

  private var overdue: Int { due.values.reduce(0) { $0 + $1.lots[$1.head...].reduce(0) { $0 + $1.count } } }

  private mutating func finish(_ stop: Forecast.Stop?) -> Bool {
    let overdue = overdue
    tally.close(overdue: overdue, into: &result)
    result.openLeads = later + overdue + pending.reduce(0) { $0 + $1.values.reduce(0, +) }
    result.stop = result.openLeads > 0 ? stop : nil
    if result.openLeads == 0 { result.endsAt = tally.lastEnd ?? start }
    return false
  }
}

extension ForecastPast {
  /// As a judgement takes it.
  fileprivate var judged: RetryJudgement.Earlier {
    RetryJudgement.Earlier(
      call: PastCall(outcome: outcome, at: .distantPast, isPermanentFailure: isPermanent),
      phone: spentNumber >= 0 ? Self.phone(spentNumber) : "")
  }
}
