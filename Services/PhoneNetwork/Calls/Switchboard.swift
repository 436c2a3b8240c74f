import Core
import Lifecycle
import Logging
import Synchronization

/// All calls that were ever asked for: places new ones, and answers for old ones. What it remembers is the truth that
/// checkers ask for, so nothing is forgotten while the process lives.
final class Switchboard: LifecycleService {
  let name = "switchboard"

  /// Calls that are not over; one more is answered with 429.
  static let liveLimit = 5_000
  /// Calls remembered; one more is answered with 429.
  static let recordLimit = 1_000_000

  /// What was asked for one number.
  struct NumberHistory: Sendable {
    /// Indices of its calls, oldest first.
    var calls: [Int] = []
    /// Most calls that were under way at once.
    var mostAtOnce = 0
  }

  private struct State {
    var calls: [Call] = []
    var bySid: [String: Int] = [:]
    var byNumber: [String: NumberHistory] = [:]
    var live = 0
    var isDraining = false
  }

  let network: CallNetwork
  private let seed: UInt64
  private let population: Population
  private let pool = TaskPool(name: "calls")
  /// Prices that are still to be filled in; nobody waits for them.
  private let prices = TaskPool(name: "prices")
  private let state = Mutex(State())

  init(network: CallNetwork, seed: UInt64, population: Population) {
    self.network = network
    self.seed = seed
    self.population = population
  }

  /// Accepts a call: it is queued, and soon rings.
  func create(_ request: CreateCall) throws(TwilioError) -> CallRecord {
    let now = network.clock.now()
    let sid = network.newSid("CA")
    let call = try state.withLock { (state) throws(TwilioError) -> Call in
      guard !state.isDraining else { throw TwilioError(code: 20503, status: 503, message: "Service is stopping") }
      guard state.live < Switchboard.liveLimit, state.calls.count < Switchboard.recordLimit else {
        throw .tooManyRequests
      }
      var history = state.byNumber[request.to] ?? NumberHistory()
      let plan = AttemptPlan(
        seed: seed, number: request.to, attempt: history.calls.count + 1, population: population)
      let overlaps = history.calls.map { state.calls[$0] }.filter { !$0.record.status.isOver }.map(\.sid)
      let call = Call(
        CallRecord(
          sid: sid, accountSid: network.account.sid, request: request, plan: plan, createdAt: now, overlaps: overlaps))
      history.calls.append(state.calls.count)
      history.mostAtOnce = max(history.mostAtOnce, overlaps.count + 1)
      state.byNumber[request.to] = history
      state.bySid[sid] = state.calls.count
      state.calls.append(call)
      state.live += 1
      return call
    }
    network.metrics.begun()
    network.logger.info("call created", [LogField("call", sid), .phone("to", request.to)])
    pool.spawn(id: sid) { [self] in
      let runner = CallRunner(call: call, network: network)
      await runner.run()
      state.withLock { $0.live -= 1 }
      prices.spawn(id: sid) { await runner.price() }
    }
    return call.record
  }

  func call(_ sid: String) -> Call? {
    state.withLock { state in state.bySid[sid].map { state.calls[$0] } }
  }

  /// Changes a call that is not over.
  func update(_ sid: String, _ update: UpdateCall) throws(TwilioError) -> CallRecord {
    guard let call = call(sid) else { throw .notFound("/Calls/\(sid).json") }
    let record = call.record
    guard !record.status.isOver else { throw .invalidCallState }
    switch update {
    case .cancel:
      guard record.status != .inProgress else { throw .invalidCallState }
      _ = call.signals.offer(.cancel)
    case .complete: _ = call.signals.offer(.hangUp)
    case .redirect(let instructions):
      guard record.status == .inProgress else { throw .invalidCallState }
      _ = call.signals.offer(.redirect(instructions))
    }
    return record
  }

  /// Calls from `start` on, oldest first.
  func calls(from start: Int, limit: Int) -> [Call] {
    state.withLock { state in
      start < state.calls.count ? Array(state.calls[start..<min(state.calls.count, start + limit)]) : []
    }
  }

  var count: Int { state.withLock { $0.calls.count } }

  func calls(to number: String) -> (calls: [Call], mostAtOnce: Int) {
    state.withLock { state in
      let history = state.byNumber[number] ?? NumberHistory()
      return (history.calls.map { state.calls[$0] }, history.mostAtOnce)
    }
  }

  /// Writes down, with the latest call to a number, what went wrong with a request about it.
  func note(_ mishap: Mishap, of number: String, arrival: Instant) {
    calls(to: number).calls.last?.change { record in
      record.misbehavior.append(mishap.kind)
      if record.createdAt > arrival { record.askedAt = arrival }
    }
  }

  /// How many numbers were called, and how many of them had calls at the same time.
  var numbers: (called: Int, overlapping: Int) {
    state.withLock { state in (state.byNumber.count, state.byNumber.values.count { $0.mostAtOnce > 1 }) }
  }

  // MARK: Life cycle

  /// Calls run in the pool; this ends them when the process ends.
  func run() async throws {
    do {
      try await network.clock.sleep(until: .distantFuture)
    } catch {
      state.withLock { $0.isDraining = true }
      pool.cancelAll()
      await pool.drain()
      prices.cancelAll()
      await prices.drain()
      throw error
    }
  }

  /// Refuses new calls and lets those under way come to their end.
  func drain() async {
    state.withLock { $0.isDraining = true }
    await pool.drain()
  }
}

/// What `POST /Calls/{sid}.json` can do to a call.
enum UpdateCall: Hashable, Sendable {
  /// `Status=canceled`.
  case cancel
  /// `Status=completed`.
  case complete
  case redirect(CreateCall.Instructions)

  init(_ form: [(String, String)]) throws(TwilioError) {
    let form = FormFields(form)
    switch form["Status"] {
    case "canceled": self = .cancel
    case "completed": self = .complete
    case nil, "": self = .redirect(try CreateCall.instructions(form))
    case let status?: throw .invalid(21220, "Status", status)
    }
  }
}
