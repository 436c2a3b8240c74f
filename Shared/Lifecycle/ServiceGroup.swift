import Dispatch
import Glibc
import Logging
import Synchronization

/// Runs the services of a process until a signal or a failure, and stops them in order.
///
/// SIGTERM or SIGINT: the last started service drains, is cancelled and awaited, then the one before it, and so on. When
/// `drainTimeout` is over, or at a second signal, whatever is left is cancelled at once. What does not end within
/// `cancelTimeout` after that makes the process abort with status 70, naming it.
public struct ServiceGroup: Sendable {
  /// What to do with a process that does not stop: the names of the services still running.
  typealias Abort = @Sendable ([String]) -> Void

  private let services: [any LifecycleService]
  private let drainTimeout: Duration
  private let cancelTimeout: Duration
  private let signals: [Int32]
  private let logger: Logger
  private let abort: Abort
  private let events: AsyncStream<Shutdown.Event>
  private let inbox: AsyncStream<Shutdown.Event>.Continuation

  /// - Parameters:
  ///   - services: In start order: what others need comes first.
  ///   - drainTimeout: Real time from the signal until whatever still works is cancelled.
  ///   - cancelTimeout: Real time from there until the process aborts.
  ///   - signals: Those that stop the group.
  public init(
    services: [any LifecycleService], drainTimeout: Duration, logger: Logger, cancelTimeout: Duration = .seconds(5),
    signals: [Int32] = [SIGTERM, SIGINT]
  ) {
    self.init(
      services: services, drainTimeout: drainTimeout, cancelTimeout: cancelTimeout, logger: logger, signals: signals
    ) { running in
      logger.error("aborting: services do not stop", [LogField("running", running.joined(separator: ", "))])
      _exit(70)
    }
  }

  init(
    services: [any LifecycleService], drainTimeout: Duration, cancelTimeout: Duration, logger: Logger,
    signals: [Int32], abort: @escaping Abort
  ) {
    self.services = services
    self.drainTimeout = drainTimeout
    self.cancelTimeout = cancelTimeout
    self.signals = signals
    self.logger = logger
    self.abort = abort
    // Bounded by nature: two per service, and signals of people.
    (events, inbox) = AsyncStream.makeStream(bufferingPolicy: .unbounded)
  }

  /// Stops the group as a signal would. Before `run()` it takes effect there.
  public func triggerShutdown() {
    inbox.yield(.stopRequested("asked by the program"))
  }

  /// Runs everything. Returns after a stop that was asked for; call once.
  ///
  /// Throws: `ServiceFailure` when a service ended by itself; the others were stopped in order. Cancelling the caller
  /// cancels every service, without draining.
  public func run() async throws {
    signal(SIGPIPE, SIG_IGN)
    let source = await SignalSource.register(signals) { [inbox] number in
      inbox.yield(.stopRequested(number == SIGTERM ? "SIGTERM" : number == SIGINT ? "SIGINT" : "signal \(number)"))
    }
    defer { source.cancel() }
    let failure = await withTaskCancellationHandler {
      await supervise()
    } onCancel: {
      inbox.yield(.cancelled)
    }
    if let failure { throw failure }
  }

  /// Starts everything and follows the decisions of `Shutdown` until all has ended.
  private func supervise() async -> (any Error)? {
    let supervisors = TaskPool(name: "supervisor")
    let outcome = Outcome()
    // In a task of its own, which cancelling the caller does not reach: `run()` returns only once the services ended.
    await supervisors.spawn { await followEvents(outcome) }.wait()
    return outcome.failure.withLock { $0 }
  }

  private func followEvents(_ outcome: Outcome) async {
    let runs = TaskPool(name: "services")
    let drains = TaskPool(name: "drains")
    let handles = services.enumerated().map { index, service in
      runs.spawn(id: service.name) { [inbox] in
        do {
          try await service.run()
          inbox.yield(.serviceEnded(index, nil))
        } catch {
          inbox.yield(.serviceEnded(index, error))
        }
      }
    }
    let watchdog = Watchdog { [abort] in abort(runs.running + drains.running.map { "\($0) (draining)" }) }
    defer { watchdog.disarm() }
    var shutdown = Shutdown(names: services.map(\.name))
    for await event in events {
      for action in shutdown.handle(event) {
        switch action {
        case .startDrainTimer:
          watchdog.after(drainTimeout) { [inbox] in inbox.yield(.drainDeadlinePassed) }
          watchdog.abort(after: drainTimeout + cancelTimeout)
        case .startCancelTimer: watchdog.abort(after: cancelTimeout)
        case .drain(let index):
          drains.spawn(id: services[index].name) { [inbox, services] in
            await services[index].drain()
            inbox.yield(.drainFinished(index))
          }
        case .cancelService(let index): handles[index].cancel()
        case .cancelDrains: drains.cancelAll()
        case .log(let message, let isError): logger.log(isError ? .error : .info, message)
        case .finish(let failure):
          outcome.failure.withLock { $0 = failure }
          return
        }
      }
    }
  }

  private final class Outcome: Sendable {
    let failure = Mutex<(any Error)?>(nil)
  }
}
