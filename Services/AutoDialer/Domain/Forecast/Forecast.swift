import Core
import Telephony

/// How a campaign will run, foretold with the rules that will run it. Pure: the same seed gives the same forecast.
struct Forecast: Hashable, Sendable {
  /// Leads that are alike in all that decides when they are called and what comes of it.
  struct Group: Hashable, Sendable {
    /// With stand-ins for phones; as forbidden numbers are left out, so are never all of them.
    var callee: Callee
    /// Without the lead's own id.
    var entry: QueueEntry
    var calls: [ForecastPast] = []
    /// From here on they are not called any more.
    var expiresAt: Instant?
    /// They are in a call, or await its outcome: what waits comes after that.
    var isInFlight = false
    var count: Int
    /// One of them.
    var example: LeadID
  }

  /// What kept more leads from being called on a day.
  enum Constraint: Hashable, Sendable {
    /// Leads were callable and a limit said no.
    case limit(Allowance.Limit)
    /// Everybody who could be called was; the others wait for their hours.
    case window
    /// Everybody who could be called was; the others wait for their retries.
    case nothingDue

    var word: String {
      switch self {
      case .limit(let limit): limit.rawValue
      case .window: "window"
      case .nothingDue: "nothing_due"
      }
    }
  }

  /// One day on the campaign's calendar.
  struct Day: Hashable, Sendable {
    var date: CivilDate
    var calls = 0
    /// By a person.
    var answered = 0
    /// Leads that were done on it, whatever ended them.
    var finished = 0
    var costMicros: Int64 = 0
    /// The most calls at the same time.
    var peakLines = 0
    /// Nil on the day that leaves nothing.
    var constraint: Constraint?
    /// Leads that could have been called and were not, at the end of the day.
    var overdue = 0
  }

  /// Why it stops before every lead is done.
  enum Stop: Hashable, Sendable {
    /// As far as it looks.
    case horizon
    case budget
    /// The campaign's end.
    case schedule
    /// No number that can be shown comes back by itself.
    case callerID
  }

  /// Leads that end without ever being called.
  struct NeverCalled: Hashable, Sendable {
    static let mostExamples = 5

    var leads = 0
    var examples: [LeadID] = []

    mutating func add(_ count: Int, example: LeadID) {
      leads += count
      if examples.count < Self.mostExamples { examples.append(example) }
    }
  }

  var days: [Day] = []
  /// When the last lead is done; nil when some are not.
  var endsAt: Instant?
  var stop: Stop?
  var calls = 0
  var answered = 0
  var costMicros: Int64 = 0
  /// By what ends them: an outcome, or a reason, as LeadFinished tells it.
  var leadsByEnd: [String: Int] = [:]
  /// Of those, the ones that were never called.
  var neverCalled: [String: NeverCalled] = [:]
  /// Not done when it stops.
  var openLeads = 0

  var leads: Int { openLeads + leadsByEnd.values.reduce(0, +) }
  /// The most calls at the same time.
  var peakLines: Int { days.map(\.peakLines).max() ?? 0 }

  /// What bound on the most days.
  var mainConstraint: Constraint? {
    let counts = Dictionary(grouping: days.compactMap(\.constraint), by: \.self).mapValues(\.count)
    return counts.max { ($0.value, $1.key.word) < ($1.value, $0.key.word) }?.key
  }

  /// What is asked about.
  struct Question: Sendable {
    var groups: [Group]
    var rules: CampaignRules
    /// As they stand at `start`.
    var limits: ForecastLimits
    var assumptions: ForecastAssumptions
    var start: Instant
    /// How far it looks.
    var horizon: Duration
    var seed: UInt64
  }

  /// Lets others have the processor every so often: a long forecast takes a second of it.
  ///
  /// - Parameter concurrency: Calls at once that the campaign asks for instead of its own number.
  /// - Throws: `CancellationError`.
  static func foretell(_ question: Question, concurrency: Int? = nil) async throws -> Forecast {
    var run = ForecastRun(question, concurrency: concurrency)
    var steps = 0
    while run.step() {
      steps += 1
      guard steps.isMultiple(of: stepsBetweenPauses) else { continue }
      try Task.checkCancellation()
      await Task.yield()
    }
    return run.result
  }

  private static let stepsBetweenPauses = 64

  init() {}
}

/// A call that a lead has had, as far as it decides about the next one.
struct ForecastPast: Hashable, Comparable, Sendable {
  var outcome: CallOutcome
  var isPermanent = false
  /// Index of the number, where the call showed that it is no good; else -1.
  var spentNumber = -1

  /// The stand-in for a phone that only has to differ from the lead's others.
  static func phone(_ index: Int) -> String { "\(index)" }

  static func < (left: ForecastPast, right: ForecastPast) -> Bool {
    (left.outcome.rawValue, left.isPermanent ? 1 : 0, left.spentNumber) < (
      right.outcome.rawValue, right.isPermanent ? 1 : 0, right.spentNumber
    )
  }
}
