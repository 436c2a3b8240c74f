/// A conversation held against a campaign's criteria. Pure and repeatable: the same extraction and criteria always give
/// the same score, so history can be scored again when the criteria change.
struct Qualification: Hashable, Sendable {
  struct Result: Hashable, Sendable {
    var criterion: Criterion
    var met: Bool
    /// Of the 100.
    var points: Double
    var explanation: String
  }

  /// What should happen next.
  enum NextAction: String, Sendable {
    case scheduleDemo = "schedule_demo"
    case sendProposal = "send_proposal"
    case sendCalendarInvite = "send_calendar_invite"
    case nurture, callback, none
  }

  /// 0 to 100.
  var score: Int
  var qualified: Bool
  var results: [Result]
  var nextAction: NextAction

  /// - Parameter minimum: The score from which a lead is qualified, 0 to 100.
  init(_ extraction: Extraction, criteria: [Criterion], minimum: Int) {
    let total = criteria.reduce(0) { $0 + $1.weight }
    results = criteria.map { criterion in
      let found = extraction.scorable(criterion.field)
      let met = criterion.isMet(by: found)
      let points = met && total > 0 ? criterion.weight / total * 100 : 0
      return Result(
        criterion: criterion, met: met, points: points,
        explanation: Self.explain(criterion, found: found, met: met, extraction: extraction))
    }
    score = Int(results.reduce(0) { $0 + $1.points }.rounded())
    let conversed = extraction.disposition == .conversed
    qualified = conversed && score >= minimum
    nextAction = Self.nextAction(
      extraction, qualified: qualified, minimum: minimum, score: score,
      unanswered: results.contains { !$0.met && extraction.scorable($0.criterion.field).isEmpty })
  }

  private static func nextAction(
    _ extraction: Extraction, qualified: Bool, minimum: Int, score: Int, unanswered: Bool
  ) -> NextAction {
    switch extraction.disposition {
    case .callback: return .callback
    case .declined, .optedOut, .wrongPerson, .machine, .silent: return .none
    case .conversed: break
    }
    guard qualified else { return score * 2 >= minimum ? .sendCalendarInvite : .nurture }
    // All is known and it fits: an offer can be written. Something is still open: it is for a demo to find out.
    return unanswered ? .scheduleDemo : extraction.interest == .high ? .sendProposal : .scheduleDemo
  }

  private static func explain(
    _ criterion: Criterion, found: [FieldValue], met: Bool, extraction: Extraction
  ) -> String {
    let wanted = criterion.values.map(\.text).joined(separator: ", ")
    let rule = criterion.comparison == .exists ? "is known" : "\(criterion.comparison.rawValue) \(wanted)"
    if found.isEmpty {
      let unsure = extraction.fields.contains { $0.name == criterion.field }
      return "\(criterion.field) \(rule): \(unsure ? "heard, but not surely enough to count" : "nothing was said")"
    }
    let heard = found.map(\.text).joined(separator: ", ")
    return "\(criterion.field) \(rule): \(heard), \(met ? "met" : "not met")"
  }
}
