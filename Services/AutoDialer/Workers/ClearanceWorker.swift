import Core
import HTTP
import Lifecycle
import Logging
import Metrics

/// Asks the questions that claims and new leads have written down, and keeps the answers. What is no clear answer is
/// asked again later, and nobody is called on it meanwhile.
struct ClearanceWorker: Sendable {
  private let store: DialStore
  private let wash: WashClient?
  private let eligibility: EligibilityClient?
  private let clock: any BusinessClock
  private let logger: Logger
  private let answers: Counter

  /// What others answer is small, whatever they send.
  static var httpOptions: HTTPClient.Options {
    var options = HTTPClient.Options()
    options.responseBytes = 256 * 1024
    return options
  }

  /// Leads that campaigns' systems are asked about at the same time.
  private static let atOnce = 50
  /// Real time between looks for questions, and after a failure.
  private static let pause = Duration.milliseconds(200)
  private static let failurePause = Duration.seconds(1)
  /// How long a question stays with this instance: longer than any answer may take.
  private static let leaseSeconds = 60.0
  /// An answer must outlive the way back to the claim: so much business time, and so much real time.
  private static let shortestLife = Duration.seconds(60)
  private static let shortestRealSeconds = 10.0

  init(
    store: DialStore, wash: WashClient?, eligibility: EligibilityClient?, clock: any BusinessClock, logger: Logger,
    metrics: MetricsRegistry
  ) {
    self.store = store
    self.wash = wash
    self.eligibility = eligibility
    self.clock = clock
    self.logger = logger
    answers = metrics.counter(
      "dialer_clearances_total", "Answers of registers and campaigns' own systems.", labels: ["verdict"])
  }

  /// Registers and campaigns' systems do not wait for each other.
  var services: [Rounds] {
    [("clearance-washer", washRound), ("clearance-asker", eligibilityRound)].map { name, round in
      Rounds(
        name, every: Self.pause, afterFailure: Self.failurePause, logger: logger,
        failure: "clearances could not be read or stored; trying again", round: round)
    }
  }

  /// Asks the register what is to be asked now. True when there may be more.
  @Sendable func washRound() async throws -> Bool {
    guard let wash else { return false }
    let questions = try await store.takeQuestions(
      .wash, most: WashClient.batch, seconds: Self.leaseSeconds, now: clock.now())
    guard !questions.isEmpty else { return false }
    let result = await wash.ask(Array(Set(questions.map(\.number))).sorted())
    let now = clock.now()
    var generator = SystemRandomNumberGenerator()
    let answers = questions.map { question in
      switch result {
      case .failed(let reason):
        return (question, Clearance.failed(reason, tries: question.tries, at: now, using: &generator))
      case .verdicts(let verdicts):
        switch verdicts[question.number] ?? .unanswered {
        case .unanswered:
          return (
            question,
            Clearance.failed("the register knows nothing of it", tries: question.tries, at: now, using: &generator)
          )
        case let verdict:
          return (
            question,
            Clearance(verdict: verdict, reason: "", checkedAt: now, expiresAt: now + Clearance.washLife)
          )
        }
      }
    }
    try await keep(answers, kind: .wash, now: now)
    return questions.count == WashClient.batch
  }

  /// Asks campaigns' systems what is to be asked now. True when there may be more.
  @Sendable func eligibilityRound() async throws -> Bool {
    guard let eligibility else { return false }
    let now = clock.now()
    let questions = try await store.takeQuestions(
      .eligibility, most: Self.atOnce, seconds: Self.leaseSeconds, now: now)
    guard !questions.isEmpty else { return false }
    let realSecond = max(clock.realDuration(of: .seconds(1)).inSeconds, 0.000_001)
    let shortest = max(Self.shortestLife, .microseconds(Int64(Self.shortestRealSeconds / realSecond * 1_000_000)))
    let answers = await withTaskGroup(of: (DialStore.ClearanceQuestion, Clearance).self) { group in
      for question in questions {
        group.addTask {
          (question, await Self.ask(question, of: eligibility, clock: self.clock, shortest: shortest))
        }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    try await keep(answers, kind: .eligibility, now: clock.now())
    return questions.count == Self.atOnce
  }

  private static func ask(
    _ question: DialStore.ClearanceQuestion, of client: EligibilityClient, clock: any BusinessClock, shortest: Duration
  ) async -> Clearance {
    switch await client.ask(question, now: clock.now(), shortest: shortest) {
    case .failed(let reason):
      var generator = SystemRandomNumberGenerator()
      return .failed(reason, tries: question.tries, at: clock.now(), using: &generator)
    case .answer(let answer):
      let now = clock.now()
      return Clearance(
        verdict: answer.isEligible ? .clear : .refused, reason: answer.reason, checkedAt: now,
        expiresAt: now + answer.life)
    }
  }

  private func keep(
    _ answers: [(question: DialStore.ClearanceQuestion, clearance: Clearance)], kind: Clearance.Kind, now: Instant
  ) async throws {
    try await store.answer(answers, kind: kind, now: now)
    for answer in answers { self.answers.increment(answer.clearance.verdict.rawValue) }
    let vain = answers.filter { $0.clearance.verdict == .unanswered }
    if let first = vain.first {
      logger.warning(
        "questions about who may be called were not answered; asked again later",
        [
          LogField("kind", kind.rawValue), LogField("count", vain.count), LogField("reason", first.clearance.reason),
        ])
    }
  }
}
