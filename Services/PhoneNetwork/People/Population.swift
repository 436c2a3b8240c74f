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

  /// Reads "conversation=35,busy=10": endings not named do not happen.
  static func parse(_ text: String) -> Result<Population, PopulationFault> {
    var weights: [Ending: Double] = [:]
    for part in text.split(separator: ",") {
      let pair = part.split(separator: "=", maxSplits: 1).map { trimmed($0) }
      guard pair.count == 2, let ending = Ending(rawValue: pair[0]) else {
        let names = Ending.allCases.map(\.rawValue).joined(separator: ", ")
        return .failure(PopulationFault(message: "\"\(part)\" is not ENDING=WEIGHT with an ending of: \(names)"))
      }
      guard let weight = Double(pair[1]), weight >= 0, weight.isFinite else {
        return .failure(PopulationFault(message: "the weight of \(pair[0]) is not a number from 0"))
      }
      weights[ending] = weight
    }
    guard weights.values.contains(where: { $0 > 0 }) else {
      return .failure(PopulationFault(message: "no ending has a weight above 0"))
    }
    return .success(Population(weights: weights))
  }

  private static func trimmed(_ text: Substring) -> String {
    String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
  }
}

/// Why a list of weights was refused, for people.
struct PopulationFault: Error, Hashable, Sendable {
  var message: String
}
