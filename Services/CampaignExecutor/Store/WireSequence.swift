import CampaignTerms
import RingmasterMessages
import Telephony

extension LeadSequence {
  /// The sequence of a policy that was accepted; nil when it has none.
  init?(_ policy: CampaignPolicy) {
    guard let sequence = policy.sequence, let known = try? LeadSequence(wire: sequence) else { return nil }
    self = known
  }

  /// - Throws: `Problem` with what is wrong with it.
  init(wire: CampaignSequence) throws(Problem) {
    var steps: [Step] = []
    for (index, step) in wire.steps.enumerated() {
      let kind: Kind
      switch step.kind {
      case .email: kind = .email
      case .call: kind = .call
      case .unspecified, .unrecognized:
        throw Problem(field: "steps[\(index)].kind", message: "is missing or not known; email and call are")
      }
      var branches: [Branch] = []
      for (number, branch) in step.branches.enumerated() {
        let field = "steps[\(index)].branches[\(number)]"
        branches.append(try Branch(wire: branch, field: field))
      }
      steps.append(Step(kind: kind, day: Int(step.day), branches: branches))
    }
    try self.init(steps)
  }
}

extension LeadSequence.Branch {
  fileprivate init(wire: SequenceBranch, field: String) throws(LeadSequence.Problem) {
    var outcomes: Set<Telephony.CallOutcome> = []
    for outcome in wire.outcomes {
      guard let known = Telephony.CallOutcome(outcome) else {
        throw LeadSequence.Problem(field: "\(field).outcomes", message: "one is not known")
      }
      outcomes.insert(known)
    }
    guard !outcomes.isEmpty else {
      throw LeadSequence.Problem(field: "\(field).outcomes", message: "are missing: what the branch is for")
    }
    let move: LeadSequence.Move
    switch wire.move {
    case .next: move = .next
    case .end: move = .end
    case .goTo: move = .goTo(Int(wire.step))
    case .unspecified, .unrecognized:
      throw LeadSequence.Problem(field: "\(field).move", message: "is missing or not known; next, end and go_to are")
    }
    self.init(outcomes: outcomes, move: move)
  }
}
