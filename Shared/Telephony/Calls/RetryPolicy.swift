/// When a lead is tried again after one outcome.
public struct RetryRule: Hashable, Sendable {
  /// On which day the retry may be.
  public enum Day: String, Hashable, Sendable, CaseIterable {
    /// On any.
    case any
    /// On the local day of the call just ended, or never.
    case same = "same_day"
    /// Not before the next local day from Monday to Friday.
    case nextBusiness = "next_business_day"
  }

  /// The wait before the first, second, … retry after this outcome; the last one serves for those that follow. Empty
  /// means no wait.
  public var delays: [Duration]
  /// How many retries this outcome may cause for one lead; 0 means never.
  public var maximumRetries: Int
  public var day: Day
  /// Whether to stay away from the time of day of the last call, as far as the campaign's windows leave a choice.
  public var differentWindow: Bool

  public init(delays: [Duration], maximumRetries: Int, day: Day = .any, differentWindow: Bool = false) {
    self.delays = delays
    self.maximumRetries = maximumRetries
    self.day = day
    self.differentWindow = differentWindow
  }

  /// The wait before retry number `index`, counted from 0.
  func delay(ofRetry index: Int) -> Duration {
    delays.isEmpty ? .zero : delays[min(max(index, 0), delays.count - 1)]
  }
}

/// Which outcomes are tried again, when and how often.
///
/// Data, so that an attempt can point at the policy that it was decided under, and so that people can write their own.
public struct RetryPolicy: Hashable, Sendable {
  /// "standard", "backoff", "sequence", or what its author called it.
  public var name: String
  /// Counts the changes of the policy under its name, from 1: what was decided can be told from what would be now.
  public var version: Int
  /// An outcome without a rule is never tried again. Rules for outcomes that are final for the lead have no effect.
  public var rules: [CallOutcome: RetryRule]

  public init(name: String, version: Int = 1, rules: [CallOutcome: RetryRule]) {
    self.name = name
    self.version = version
    self.rules = rules
  }

  /// Calls to one lead, the first included, when a campaign does not say.
  public static let defaultMaximumCalls = 3

  /// No answer: after an hour, up to 3 calls. Busy: after 4 hours, up to 2 calls. Failed: at once, then after a day.
  public static let standard = RetryPolicy(
    name: "standard",
    rules: [
      .noAnswer: RetryRule(delays: [.seconds(3600)], maximumRetries: 2),
      .busy: RetryRule(delays: [.seconds(4 * 3600)], maximumRetries: 1),
      .failed: RetryRule(delays: [.zero, .seconds(24 * 3600)], maximumRetries: 2),
    ])

  /// No answer and failed: after 1, 4 and 24 hours.
  public static let backoff = RetryPolicy(
    name: "backoff",
    rules: [
      .noAnswer: RetryRule(delays: exponential, maximumRetries: 3),
      .failed: RetryRule(delays: exponential, maximumRetries: 3),
    ])

  /// Busy: 2 hours later on the same day, twice. No answer: once, on the next business day at another time of day.
  public static let sequence = RetryPolicy(
    name: "sequence",
    rules: [
      .busy: RetryRule(delays: [.seconds(2 * 3600)], maximumRetries: 2, day: .same),
      .noAnswer: RetryRule(delays: [], maximumRetries: 1, day: .nextBusiness, differentWindow: true),
    ])

  /// The policies that a campaign can name. The first one is the default.
  public static let presets = [standard, backoff, sequence]

  /// The preset of a name; nil when there is none.
  public static func preset(named name: String) -> RetryPolicy? { presets.first { $0.name == name } }

  private static let exponential: [Duration] = [.seconds(3600), .seconds(4 * 3600), .seconds(24 * 3600)]
}
