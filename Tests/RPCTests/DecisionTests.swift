import Core
import Nng
import Testing

@testable import RPC

/// What is decided without a socket: retries, waves, the keepalive, the table of calls.
@Suite struct DecisionTests {
  private static let backoff = Backoff(initial: .milliseconds(20), maximum: .seconds(1), jitter: 0)

  private func decide(
    _ outcome: AttemptOutcome, idempotent: Bool = true, attempts: Int = 1, detours: Int = 0, retries: Int = 3
  ) -> RetryDecision {
    var generator = SeededGenerator(seed: 1)
    return RetryDecision.after(
      outcome, of: method("Do", isIdempotent: idempotent), attempts: attempts, detours: detours, retries: retries,
      endpoints: 2, backoff: Self.backoff, using: &generator)
  }

  @Test func onlyIdempotentCallsAreRepeatedAfterALoss() {
    let lost = RPCError(.unavailable, "lost")
    #expect(decide(.lost(lost), idempotent: false) == .fail(lost))
    #expect(decide(.lost(lost)) == .repeat(pause: .milliseconds(20)))
    #expect(decide(.refused(lost), idempotent: false) == .fail(lost))
    #expect(decide(.refused(lost)) == .repeat(pause: .milliseconds(20)))
    for code in RPCCode.allCases where code != .ok && code != .unavailable {
      let error = RPCError(code, "no")
      #expect(decide(.refused(error)) == .fail(error))
      #expect(decide(.notStarted(error)) == .fail(error))
    }
  }

  @Test func pausesGrowUpToTheirMaximumAndEndWithTheRetries() {
    let lost = RPCError(.unavailable, "lost")
    let pauses = (1...9).map { decide(.lost(lost), attempts: $0, retries: 9) }
    let expected = [20, 40, 80, 160, 320, 640, 1000, 1000, 1000].map { RetryDecision.repeat(pause: .milliseconds($0)) }
    #expect(pauses == expected)
    #expect(decide(.lost(lost), attempts: 4) == .fail(lost))
    #expect(decide(.lost(lost), retries: 0) == .fail(lost))
  }

  @Test func aServerMayAskForALongerPause() {
    let busy = RPCError(.unavailable, "busy", retryAfter: .seconds(7))
    #expect(decide(.refused(busy)) == .repeat(pause: .seconds(7)))
    let hasty = RPCError(.unavailable, "busy", retryAfter: .milliseconds(1))
    #expect(decide(.refused(hasty)) == .repeat(pause: .milliseconds(20)))
  }

  @Test func whatHasNotStartedGoesElsewhereWhateverItDoes() {
    let away = RPCError(.unavailable, "stopping")
    #expect(decide(.notStarted(away), idempotent: false) == .sendElsewhere(pause: nil))
    #expect(decide(.notStarted(away), idempotent: false, detours: 1) == .sendElsewhere(pause: nil))
    #expect(decide(.notStarted(away), idempotent: false, detours: 2) == .sendElsewhere(pause: .milliseconds(20)))
    let full = RPCError(.resourceExhausted, "full")
    #expect(decide(.notStarted(full)) == .fail(full))
  }

  @Test func theRestIsPassedOn() {
    #expect(decide(.response([1])) == .succeed([1]))
    #expect(decide(.cancelled) == .cancel)
    guard case .fail(let error) = decide(.timedOut) else { return #expect(Bool(false), "not failed") }
    #expect(error.code == .deadlineExceeded)
  }

  @Test func aSilentServerIsProbedAndThenGivenUp() {
    var options = RPCClientOptions()
    options.keepaliveInterval = .seconds(5)
    options.keepaliveTimeout = .seconds(2)
    let second: UInt64 = 1_000_000_000
    var keepalive = Keepalive()
    func expect(_ verdict: Keepalive.Verdict, at now: UInt64) {
      let judged = keepalive.judge(at: now, options)
      #expect(judged == verdict, "at \(now)")
    }
    expect(.alive, at: 100 * second)  // Nothing was said.
    keepalive.sends(at: 100 * second)
    keepalive.sends(at: 104 * second)
    expect(.alive, at: 105 * second - 1)
    expect(.probe, at: 106 * second)  // Late.
    let probes = (keepalive.takeProbe(), keepalive.takeProbe())
    #expect(probes == (true, false))
    keepalive.sends(at: 106 * second)
    expect(.alive, at: 108 * second - 1)
    expect(.dead, at: 108 * second)
    keepalive.heard(at: 108 * second, owesMore: true)
    expect(.alive, at: 112 * second)
    #expect(keepalive.due(options) == 113 * second)
    keepalive.heard(at: 112 * second, owesMore: false)
    #expect(keepalive.due(options) == MonotonicTime.never)
    keepalive.sends(at: 120 * second)
    options.keepaliveInterval = nil
    expect(.alive, at: 1000 * second)
  }

  @Test(arguments: UInt64(1)...20) func unansweredRequestsAreAnsweredOnceInAnyOrder(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var requests = UnansweredRequests()
    var open: [RequestID] = []
    var answered: [RequestID] = []
    for _ in 0..<2_000 {
      if Bool.random(using: &generator) {
        let request = requests.take()
        #expect((request == nil) == (open.count == EnvelopeLimits.unanswered))
        if let request {
          #expect(!open.contains(request) && !answered.contains(request))
          open.append(request)
        }
      } else if let index = open.indices.randomElement(using: &generator) {
        let request = open.remove(at: index)
        let answers = (requests.remove(request), requests.remove(request))
        #expect(answers == (true, false))
        answered.append(request)
      }
      #expect(requests.count == open.count)
    }
  }

  @Test(arguments: UInt64(1)...20) func theTableFindsWhatIsInItAndNothingElse(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var table = SlotTable<Int>()
    var model: [UInt64: Int] = [:]
    var gone: [UInt64] = []
    for turn in 0..<2_000 {
      switch Int.random(in: 0..<5, using: &generator) {
      case 0, 1:
        let id = table.insert(turn)
        let isNew = model.updateValue(turn, forKey: id) == nil
        #expect(id != 0 && isNew && !gone.contains(id))
      case 2:
        guard let (id, value) = model.randomElement(using: &generator) else { continue }
        let removed = table.remove(id)
        #expect(removed == value)
        model[id] = nil
        gone.append(id)
      case 3:
        let used = gone.randomElement(using: &generator).flatMap { table.remove($0) }
        let unknown = table.remove(.random(in: 0...UInt64.max, using: &generator))
        #expect(used == nil && unknown == nil)
      default:
        guard turn % 97 == 0 else { continue }
        let removed = table.removeAll { $0 % 2 == 0 }
        #expect(removed.sorted() == model.values.filter { $0 % 2 == 0 }.sorted())
        gone += model.filter { $0.value % 2 == 0 }.keys
        model = model.filter { $0.value % 2 != 0 }
      }
      #expect(table.count == model.count && table.isEmpty == model.isEmpty)
    }
    #expect(table.elements.sorted() == model.values.sorted())
  }
}
