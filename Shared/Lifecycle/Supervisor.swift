import Logging
import Synchronization

/// Carries out what `Shutdown` decides for one group.
final class Supervisor: Sendable {
  private struct State {
    var services: [any LifecycleService]
    var handles: [Int: TaskPool.Handle] = [:]
    /// What the start-up gave, until its turn comes.
    var prepared: [any LifecycleService] = []
    var failure: (any Error)?
  }

  private let group: ServiceGroup
  private let runs = TaskPool(name: "services")
  private let drains = TaskPool(name: "drains")
  private let state: Mutex<State>

  init(group: ServiceGroup) {
    self.group = group
    state = Mutex(State(services: group.services))
  }

  /// Why the group stopped when nobody asked it to; known when `followEvents()` has returned.
  var failure: (any Error)? { state.withLock { $0.failure } }

  /// Starts everything and returns once all has ended.
  func followEvents() async {
    var names = group.services.map(\.name)
    for index in names.indices { start(index) }
    if let startup = group.startup {
      start(startup, index: names.count)
      names.append("startup")
    }
    let watchdog = Watchdog { [group, runs, drains] in
      group.abort(runs.running + drains.running.map { "\($0) (draining)" })
    }
    defer { watchdog.disarm() }
    var shutdown = Shutdown(names: names)
    for await event in group.events {
      for action in shutdown.handle(event) {
        if case .finish(let failure) = action {
          state.withLock { $0.failure = failure }
          return
        }
        perform(action, watchdog)
      }
    }
  }

  private func perform(_ action: Shutdown.Action, _ watchdog: Watchdog) {
    switch action {
    case .start(let range):
      state.withLock { $0.services += $0.prepared }
      for index in range { start(index) }
    case .startDrainTimer:
      watchdog.after(group.drainTimeout) { [inbox = group.inbox] in inbox.yield(.drainDeadlinePassed) }
      watchdog.abort(after: group.drainTimeout + group.cancelTimeout)
    case .startCancelTimer: watchdog.abort(after: group.cancelTimeout)
    case .drain(let index): drain(index)
    case .cancelService(let index): state.withLock { $0.handles[index] }?.cancel()
    case .cancelDrains: drains.cancelAll()
    case .log(let message, let isError): group.logger.log(isError ? .error : .info, message)
    case .finish: break  // The end of `followEvents()`.
    }
  }

  /// The service of an index; nil for the start-up.
  private func service(_ index: Int) -> (any LifecycleService)? {
    state.withLock { state in
      guard group.startup != nil, index >= group.services.count else { return state.services[index] }
      return index == group.services.count ? nil : state.services[index - 1]
    }
  }

  private func start(_ index: Int) {
    guard let service = service(index) else { return }
    let handle = runs.spawn(id: service.name) { [inbox = group.inbox] in
      do {
        try await service.run()
        inbox.yield(.serviceEnded(index, nil))
      } catch {
        inbox.yield(.serviceEnded(index, error))
      }
    }
    state.withLock { $0.handles[index] = handle }
  }

  private func start(_ startup: @escaping ServiceGroup.Startup, index: Int) {
    let handle = runs.spawn(id: "startup") { [self] in
      do {
        let services = try await startup()
        state.withLock { $0.prepared = services }
        group.inbox.yield(.startupFinished(index, names: services.map(\.name)))
      } catch {
        group.inbox.yield(.serviceEnded(index, error))
      }
    }
    state.withLock { $0.handles[index] = handle }
  }

  private func drain(_ index: Int) {
    let service = service(index)  // The start-up has nothing to drain.
    drains.spawn(id: service?.name ?? "startup") { [inbox = group.inbox] in
      await service?.drain()
      inbox.yield(.drainFinished(index))
    }
  }
}
