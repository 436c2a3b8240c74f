/// Whether the latest calls from a number say that it is in trouble: marked as spam, blocked, or broken. Pure.
struct CallerIDHealth: Hashable, Sendable {
  enum Alarm: String, Hashable, Sendable, CaseIterable {
    case answerRate = "answer_rate"
    case shortCalls = "short_calls"
    case failures
  }

  /// Some calls, counted.
  struct Sample: Hashable, Sendable {
    var calls = 0
    /// By a person.
    var answered = 0
    /// Answered and hung up by the person within `shortCall` seconds.
    var short = 0
    /// Through the number's or the provider's fault; not among the others.
    var failed = 0

    /// Of the calls that reached a phone.
    var answerRate: Double { reached == 0 ? 0 : Double(answered) / Double(reached) }
    var reached: Int { max(0, calls - failed) }
  }

  /// The latest calls, at most `window`.
  var recent: Sample
  /// The number's calls before those, at most `memory`.
  var earlier: Sample
  /// The latest calls of the tenant's other numbers, at most `memory`.
  var pool: Sample

  /// - Parameter isFirst: No alarm went before: the earlier calls show what is usual. Otherwise they show the trouble,
  ///   and the other numbers alone say what is usual, if there are any.
  init(recent: Sample, earlier: Sample, pool: Sample, isFirst: Bool) {
    (self.recent, self.pool) = (recent, pool)
    self.earlier = isFirst || pool.reached < Self.fewest ? earlier : Sample()
  }

  static let window = 50
  static let memory = 200
  static let shortCallSeconds = 6
  /// Calls that a rate needs before it means something.
  private static let fewest = 30
  private static let fewestAnswers = 15
  /// A rate has collapsed when it is below this share of the usual one, and chance does not explain it.
  private static let collapse = 0.5
  private static let deviations = 2.5
  private static let shortShare = 0.6

  /// What is wrong, and what shows it.
  func alarm() -> (alarm: Alarm, detail: String)? {
    if hasCollapsed {
      return (
        .answerRate,
        "\(recent.answered) of the last \(recent.reached) calls were answered (\(Self.percent(recent.answerRate))); "
          + "usual are \(Self.percent(earlier.answerRate)) from this number, \(Self.percent(pool.answerRate)) from others"
      )
    }
    if recent.answered >= Self.fewestAnswers, Double(recent.short) >= Self.shortShare * Double(recent.answered) {
      return (
        .shortCalls,
        "\(recent.short) of the last \(recent.answered) people who answered hung up within \(Self.shortCallSeconds) s"
      )
    }
    return nil
  }

  /// Below what the number itself used to have and below what other numbers have now: when all numbers are answered
  /// less, it is the hour or the list, not the number. What is not known yet does not count; one of the two must be.
  private var hasCollapsed: Bool {
    guard recent.reached >= Self.fewest else { return false }
    let usual = [earlier, pool].filter { $0.reached >= Self.fewest }
    return !usual.isEmpty && usual.allSatisfy { isFarBelow($0.answerRate) }
  }

  private func isFarBelow(_ rate: Double) -> Bool {
    let calls = Double(recent.reached)
    let spread = (calls * rate * (1 - rate)).squareRoot()
    return recent.answerRate < rate * Self.collapse
      && Double(recent.answered) < calls * rate - Self.deviations * spread
  }

  private static func percent(_ rate: Double) -> String { "\(Int((rate * 100).rounded())) %" }
}
