/// How the people behind the numbers differ: shares of what happens at the first attempt, as weights.
struct Population: Hashable, Sendable {
  /// What becomes of an attempt.
  enum Ending: String, Hashable, Sendable, CaseIterable {
    case conversation
    case notInterested = "not_interested"
    case callbackRequested = "callback_requested"
    case optedOut = "opted_out"
    case wrongNumber = "wrong_number"
    case hungUpEarly = "hung_up_early"
    case voicemail
    case noAnswer = "no_answer"
    case busy
    /// The network or the carrier fails; the number is fine.
    case networkFailure = "network_failure"
    /// The number does not exist.
    case unassigned
  }

  /// Not negative; an ending without a weight does not happen.
  var weights: [Ending: Double]
  /// Share of the machine-or-human verdicts that are wrong, 0...1.
  var detectionErrorShare = 0.0

  /// A lively mix. Chosen so that about a third of first attempts end in a conversation and about two fifths of all
  /// attempts at assigned numbers meet nobody, as cold calling to listed numbers does.
  static let standard = Population(weights: [
    .conversation: 35, .notInterested: 7, .callbackRequested: 5, .optedOut: 2, .wrongNumber: 3, .hungUpEarly: 4,
    .voicemail: 14, .noAnswer: 19, .busy: 7, .networkFailure: 1, .unassigned: 3,
  ])

  func weight(_ ending: Ending) -> Double { weights[ending] ?? 0 }

  /// Reads "conversation=35,busy=10": endings not named do not happen. Nil when a name or a weight is wrong, or all
  /// weights are zero.
  init?(_ text: String) {
    weights = [:]
    for part in text.split(separator: ",") {
      let pair = part.filter { $0 != " " }.split(separator: "=", maxSplits: 1)
      guard pair.count == 2, let ending = Ending(rawValue: String(pair[0])), let weight = Double(pair[1]),
        weight >= 0, weight.isFinite
      else { return nil }
      weights[ending] = weight
    }
    guard weights.values.contains(where: { $0 > 0 }) else { return nil }
  }

  init(weights: [Ending: Double]) {
    self.weights = weights
  }

  /// As `init(_:)` reads it.
  var text: String {
    Ending.allCases.filter { weight($0) > 0 }.map { "\($0.rawValue)=\(Population.shortened(weight($0)))" }
      .joined(separator: ",")
  }

  private static func shortened(_ weight: Double) -> String {
    Int(exactly: weight).map { String($0) } ?? String(weight)
  }
}
