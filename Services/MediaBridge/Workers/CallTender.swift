import Core
import Lifecycle
import Logging

/// Takes up calls for which something is still to be done: to be asked for again, looked up because nobody knows whether
/// they were placed, or hung up because whoever wanted that is gone.
final class CallTender: LifecycleService {
  let name = "call-tender"
  private let control: CallControl
  private let calls: LiveCalls
  private let settle: Duration
  private let logger: Logger

  private static let batch = 50
  private static let pause = Duration.milliseconds(250)
  private static let failurePause = Duration.seconds(1)
  /// What is taken up and not settled comes round again after this; longer than a request to the provider may take.
  private static let lease = CallUpkeep.requestLimit + .seconds(2)
  /// What could not be settled is tried again after this.
  private static let lookAgain = Duration.seconds(1)

  /// - Parameter settle: Real time after which a request that was on its way has arrived or never will.
  init(control: CallControl, calls: LiveCalls, settle: Duration, logger: Logger) {
    self.control = control
    self.calls = calls
    self.settle = settle
    self.logger = logger
  }

  func run() async throws {
    while !Task.isCancelled {
      var pause = Self.pause
      do {
        if try await round() == Self.batch { pause = .zero }
      } catch {
        pause = Self.failurePause
        if !Task.isCancelled {
          logger.warning("calls in want of something could not be read; trying again", [.error(error)])
        }
      }
      guard (try? await Task.sleep(for: pause)) != nil else { return }
    }
  }

  /// Takes up what is due. Returns how much that was.
  func round() async throws -> Int {
    let due = try await control.store.claimWork(most: Self.batch, lease: Self.lease, settle: settle)
    await withDiscardingTaskGroup { group in
      for work in due { group.addTask { [self] in await tend(work) } }
    }
    return due.count
  }

  func tend(_ work: CallStore.Work) async {
    let call = work.call
    do {
      switch call.record.placement {
      case .waiting:
        try await placeAgain(call)
      case .asking, .unsure:
        try await control.reconcile(call, hasSettled: work.hasSettled)
        try await control.store.lookAgain(call.call, tenant: call.tenant, after: Self.lookAgain)
      case .placed, .ended:
        await control.carryOut(call)
        try await control.store.lookAgain(call.call, tenant: call.tenant, after: Self.lookAgain)
      }
    } catch {
      logger.warning("a call could not be tended to; trying again", [LogField("call_id", call.call), .error(error)])
    }
  }

  private func placeAgain(_ call: StoredCall) async throws {
    // Without a slot another instance, or this one later, takes it up.
    guard let isReserved = try? calls.reserve(call.call), isReserved else { return }
    try await control.placeAgain(call)
    let now = try await control.store.call(call.call, tenant: call.tenant)
    if let now, now.record.placement == .placed, !now.record.state.isTerminal,
      let script = try await control.store.script(of: call.call, tenant: call.tenant)
    {
      _ = calls.open(now, script: script)
    } else {
      calls.release(call.call)
    }
  }
}
