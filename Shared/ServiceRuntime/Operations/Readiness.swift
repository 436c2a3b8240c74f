import Core
import JSON
import Lifecycle
import Synchronization

/// Whether the service takes work: it has started, does not stop, and every check holds.
final class Readiness: Sendable {
  typealias Check = @Sendable () async throws -> Void

  enum Phase: String, Sendable {
    /// Configuration is read, but not everything runs yet.
    case starting
    case serving
    /// Takes no new work and ends.
    case stopping
  }

  /// What a look at all checks found.
  struct Report: Sendable {
    var phase: Phase
    /// By name; nil when the check holds.
    var problems: [(name: String, problem: String?)]

    var isReady: Bool { phase == .serving && problems.allSatisfy { $0.problem == nil } }

    var json: JSONValue {
      let checks = problems.map { name, problem in
        (name, problem.map { ["ok": false, "problem": .string($0)] as JSONValue } ?? ["ok": true])
      }
      return [
        "ready": .bool(isReady), "phase": .string(phase.rawValue), "checks": .object(JSONObject(checks)),
      ]
    }
  }

  private struct State {
    var phase = Phase.starting
    var checks: [(name: String, check: Check)] = []
  }

  private let state = Mutex(State())
  private let patience: Duration

  /// - Parameter patience: How long a check may take; one that takes longer does not hold.
  init(patience: Duration = .seconds(2)) {
    self.patience = patience
  }

  func add(_ name: String, _ check: @escaping Check) {
    state.withLock { $0.checks.append((name, check)) }
  }

  func enter(_ phase: Phase) {
    state.withLock { $0.phase = phase }
  }

  func look() async -> Report {
    let (phase, checks) = state.withLock { ($0.phase, $0.checks) }
    let problems = await withTaskGroup(of: (Int, String?).self) { group in
      for (index, entry) in checks.enumerated() {
        group.addTask { [patience] in (index, await Readiness.problem(entry.check, patience)) }
      }
      var problems = [String?](repeating: nil, count: checks.count)
      for await (index, problem) in group { problems[index] = problem }
      return problems
    }
    return Report(phase: phase, problems: zip(checks, problems).map { ($0.name, $1) })
  }

  private static func problem(_ check: @escaping Check, _ patience: Duration) async -> String? {
    await withTaskGroup(of: String?.self) { group in
      group.addTask {
        do {
          try await check()
          return nil
        } catch {
          return "\(error)"
        }
      }
      group.addTask {
        try? await Task.sleep(for: patience)  // Cancelled: the check was faster, and this result is not read.
        return "no answer within \(patience)"
      }
      defer { group.cancelAll() }
      return await group.next() ?? nil
    }
  }
}

/// Started last and stopped first: in between the service is ready.
struct ReadinessGate: LifecycleService {
  let name = "readiness"
  let readiness: Readiness

  func run() async throws {
    readiness.enter(.serving)
    try await untilCancelled()
  }

  func drain() async {
    readiness.enter(.stopping)
  }
}

/// Throws `CancellationError` once the task is cancelled.
func untilCancelled() async throws {
  _ = try await BoundedQueue<Never>(capacity: 1).next()
}
