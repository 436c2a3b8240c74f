import Core
import Glibc
import Logging

/// Runs the services of a process until a signal or a failure, and stops them in order.
///
/// SIGTERM or SIGINT: the last started service drains, is cancelled and awaited, then the one before it, and so on. When
/// `drainTimeout` is over, or at a second signal, whatever is left is cancelled at once. What does not end within
/// `cancelTimeout` after that makes the process abort with status 70, naming it.
public struct ServiceGroup: Sendable {
  /// Makes the services that need others to run first.
  public typealias Startup = @Sendable () async throws -> [any LifecycleService]

  /// What to do with a process that does not stop: the names of the services still running.
  typealias Abort = @Sendable ([String]) -> Void

  let services: [any LifecycleService]
  let startup: Startup?
  let drainTimeout: Duration
  let cancelTimeout: Duration
  let logger: Logger
  let abort: Abort
  let events: AsyncStream<Shutdown.Event>
  let inbox: AsyncStream<Shutdown.Event>.Continuation
  private let signals: [Int32]

  /// - Parameters:
  ///   - services: In start order: what others need comes first.
  ///   - drainTimeout: Real time from the signal until whatever still works is cancelled.
  ///   - cancelTimeout: Real time from there until the process aborts.
  ///   - signals: Those that stop the group.
  ///   - startup: Runs once `services` do; what it gives is started after them and stopped before them. Cancelled when
  ///     the group stops meanwhile. An error that it throws stops the group.
  public init(
    services: [any LifecycleService], drainTimeout: Duration, logger: Logger, cancelTimeout: Duration = .seconds(5),
    signals: [Int32] = [SIGTERM, SIGINT], startup: Startup? = nil
  ) {
    self.init(
      services: services, drainTimeout: drainTimeout, cancelTimeout: cancelTimeout, logger: logger, signals: signals,
      startup: startup
    ) { running in
      logger.error("aborting: services do not stop", [LogField("running", running.joined(separator: ", "))])
      _exit(70)
    }
  }

  init(
    services: [any LifecycleService], drainTimeout: Duration, cancelTimeout: Duration, logger: Logger,
    signals: [Int32], startup: Startup?, abort: @escaping Abort
  ) {
    self.services = services
    self.startup = startup
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
    let supervisor = Supervisor(group: self)
    let tasks = TaskPool(name: "supervisor")
    let failure = await withTaskCancellationHandler {
      // In a task of its own, which cancelling the caller does not reach: the services must end before this returns.
      await tasks.spawn { await supervisor.followEvents() }.wait()
      return supervisor.failure
    } onCancel: {
      inbox.yield(.cancelled)
    }
    if let failure { throw failure }
  }
}
