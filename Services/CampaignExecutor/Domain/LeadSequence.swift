import Core
import Telephony

/// The ordered steps that a lead of a campaign moves through. Pure.
///
/// A lead is at one step at a time and only ever moves to a later one, so a sequence always ends.
struct LeadSequence: Hashable, Sendable {
  enum Kind: Hashable, Sendable { case email, call }

  /// What follows a step. `goTo` counts steps from 1 and leads forward only.
  enum Move: Hashable, Sendable {
    case next, end
    case goTo(Int)
  }

  struct Branch: Hashable, Sendable {
    var outcomes: Set<CallOutcome>
    var move: Move
  }

  struct Step: Hashable, Sendable {
    var kind: Kind
    /// After the lead joined.
    var day: Int
    /// Of a call, the first that names the outcome.
    var branches: [Branch] = []
  }

  /// Where a lead is.
  struct Position: Hashable, Sendable {
    /// From 1.
    var step: Int
    var dueAt: Instant
  }

  /// What is wrong with a sequence, for people.
  struct Problem: Error, Hashable, Sendable {
    var field: String
    var message: String
  }

  static let mostSteps = 20
  private static let lastDay = 365
  /// An email at once, a call, then emails that follow up.
  static let standard = [
    Step(kind: .email, day: 0), Step(kind: .call, day: 3), Step(kind: .email, day: 5), Step(kind: .email, day: 10),
  ]

  let steps: [Step]

  init(_ steps: [Step]) throws(Problem) {
    let steps = steps.isEmpty ? Self.standard : steps
    guard steps.count <= Self.mostSteps else {
      throw Problem(field: "steps", message: "\(steps.count) steps; at most \(Self.mostSteps) are allowed")
    }
    guard steps.contains(where: { $0.kind == .call }) else {
      throw Problem(field: "steps", message: "no step is a call; a campaign calls")
    }
    for (index, step) in steps.enumerated() {
      guard (0...Self.lastDay).contains(step.day) else {
        throw Problem(field: "steps[\(index)].day", message: "\(step.day) is outside 0 to \(Self.lastDay)")
      }
      guard index == 0 || step.day >= steps[index - 1].day else {
        throw Problem(field: "steps[\(index)].day", message: "is before the day of the step above it")
      }
      guard step.kind == .call || step.branches.isEmpty else {
        throw Problem(field: "steps[\(index)].branches", message: "only a call has outcomes to branch on")
      }
      for (number, branch) in step.branches.enumerated() {
        guard case .goTo(let target) = branch.move else { continue }
        guard target > index + 1 && target <= steps.count else {
          throw Problem(
            field: "steps[\(index)].branches[\(number)].step",
            message: "\(target) is no later step; there are \(steps.count), this one is \(index + 1)")
        }
      }
    }
    self.steps = steps
  }

  /// The first step.
  func start(joined: Instant) -> Position { position(1, joined: joined, now: joined) }

  /// What a lead does at a step; nil when the sequence has none of that number (any more).
  func kind(of step: Int) -> Kind? { steps.indices.contains(step - 1) ? steps[step - 1].kind : nil }

  /// The step after one that is done; nil when the sequence has ended for the lead.
  ///
  /// - Parameter outcome: Of a call; nil when the lead could not be called at all, and for emails.
  func position(after step: Int, outcome: CallOutcome?, joined: Instant, now: Instant) -> Position? {
    guard steps.indices.contains(step - 1) else { return nil }
    let target: Int
    switch move(after: steps[step - 1], outcome: outcome) {
    case .end: return nil
    case .next: target = step + 1
    case .goTo(let later): target = later
    }
    return target <= steps.count ? position(target, joined: joined, now: now) : nil
  }

  private func move(after step: Step, outcome: CallOutcome?) -> Move {
    guard let outcome else { return .next }
    if let branch = step.branches.first(where: { $0.outcomes.contains(outcome) }) { return branch.move }
    switch outcome {
    case .qualified, .callbackRequested, .notInterested, .wrongNumber: return .end
    case .unqualified, .voicemail, .noAnswer, .busy, .failed: return .next
    }
  }

  private func position(_ step: Int, joined: Instant, now: Instant) -> Position {
    Position(step: step, dueAt: max(joined + .days(steps[step - 1].day), now))
  }
}
