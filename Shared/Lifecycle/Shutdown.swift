/// Decides how a group of services starts its second half and how it stops. Pure: events come in, actions go out.
struct Shutdown {
  enum Event {
    /// SIGTERM or SIGINT, a call of `triggerShutdown()`.
    case stopRequested(String)
    /// The task that runs the group was cancelled.
    case cancelled
    /// The start-up, which is this service, has ended well; these come after it.
    case startupFinished(Int, names: [String])
    case serviceEnded(Int, (any Error)?)
    case drainFinished(Int)
    case drainDeadlinePassed
  }

  enum Action {
    /// Runs the services that the start-up gave, which have these indices.
    case start(Range<Int>)
    /// Limits how long services may drain, and with it how long everything may take.
    case startDrainTimer
    /// Limits how long cancelled services may take to end.
    case startCancelTimer
    case drain(Int)
    case cancelService(Int)
    case cancelDrains
    case log(String, isError: Bool)
    /// Everything has ended; the error is why the group stopped when nobody asked it to.
    case finish((any Error)?)
  }

  private enum State {
    /// Every service runs. Next: draining, or cancelling when the caller was cancelled.
    case running
    /// Services stop one by one, the last started first; this is the one at work. Next: cancelling or ended.
    case draining(Int)
    /// Everything is cancelled and awaited. Next: ended.
    case cancelling
    case ended
  }

  private var names: [String]
  private var alive: Set<Int>
  private var draining: Set<Int> = []
  private var state = State.running
  private var failure: (any Error)?

  /// - Parameter names: Of the services that run from the start, the start-up among them if there is one.
  init(names: [String]) {
    self.names = names
    alive = Set(names.indices)
  }

  mutating func handle(_ event: Event) -> [Action] {
    switch (state, event) {
    case (.ended, _): return []
    case (.running, let event): return whileRunning(event)
    case (.draining(let current), let event): return whileDraining(current, event)
    case (.cancelling, let event): return whileCancelling(event)
    }
  }

  private mutating func whileRunning(_ event: Event) -> [Action] {
    switch event {
    case .stopRequested(let reason):
      return [.log("stopping: \(reason)", isError: false)] + beginDraining()
    case .cancelled: return cancelEverything()
    case .startupFinished(let index, let added):
      alive.remove(index)
      let range = names.count..<names.count + added.count
      names += added
      alive.formUnion(range)
      return [.start(range)]
    case .serviceEnded(let index, let error):
      alive.remove(index)
      let reason = ServiceFailure(service: names[index], cause: error)
      failure = reason
      return [.log("\(reason)", isError: true)] + beginDraining()
    case .drainFinished, .drainDeadlinePassed: preconditionFailure("nothing drains while everything runs")
    }
  }

  private mutating func whileDraining(_ current: Int, _ event: Event) -> [Action] {
    switch event {
    case .stopRequested(let reason):
      return [.log("stopping at once: \(reason) again", isError: false)] + cancelEverything()
    case .cancelled: return cancelEverything()
    case .startupFinished(let index, _): return whileDraining(current, .serviceEnded(index, nil))  // Too late to start.
    case .serviceEnded(let index, let error):
      alive.remove(index)
      // A service that ends while its own drain is still at work is done when that drain is.
      guard index == current, !draining.contains(index) else { return note(error, of: index) }
      return note(error, of: index) + drainNext(below: index)
    case .drainFinished(let index):
      draining.remove(index)
      guard index == current else { return [] }
      return alive.contains(index) ? [.cancelService(index)] : drainNext(below: index)
    case .drainDeadlinePassed:
      let running = names.indices.filter(alive.contains).map { names[$0] }.joined(separator: ", ")
      return [.log("the time to drain is over; cancelling \(running)", isError: true)] + cancelEverything()
    }
  }

  private mutating func whileCancelling(_ event: Event) -> [Action] {
    switch event {
    case .stopRequested, .cancelled, .drainDeadlinePassed: return []
    case .startupFinished(let index, _): return whileCancelling(.serviceEnded(index, nil))
    case .serviceEnded(let index, let error):
      alive.remove(index)
      return note(error, of: index) + finishIfDone()
    case .drainFinished(let index):
      draining.remove(index)
      return finishIfDone()
    }
  }

  private mutating func beginDraining() -> [Action] {
    [.startDrainTimer] + drainNext(below: names.count)
  }

  private mutating func drainNext(below index: Int) -> [Action] {
    guard let next = (0..<index).last(where: alive.contains) else {
      state = .ended
      return [.finish(failure)]
    }
    state = .draining(next)
    draining.insert(next)
    return [.drain(next)]
  }

  private mutating func cancelEverything() -> [Action] {
    state = .cancelling
    let cancels = names.indices.reversed().filter(alive.contains).map { Action.cancelService($0) }
    return [.startCancelTimer, .cancelDrains] + cancels + finishIfDone()
  }

  private mutating func finishIfDone() -> [Action] {
    guard alive.isEmpty, draining.isEmpty else { return [] }
    state = .ended
    return [.finish(failure)]
  }

  private func note(_ error: (any Error)?, of index: Int) -> [Action] {
    guard let error, !(error is CancellationError) else { return [] }
    return [.log("\(names[index]) failed while stopping: \(error)", isError: true)]
  }
}
