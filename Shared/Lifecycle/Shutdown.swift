/// Decides how a group of services stops. Pure: events come in, actions go out.
struct Shutdown {
  enum Event {
    /// SIGTERM or SIGINT, a call of `triggerShutdown()`.
    case stopRequested(String)
    /// The task that runs the group was cancelled.
    case cancelled
    case serviceEnded(Int, (any Error)?)
    case drainFinished(Int)
    case drainDeadlinePassed
  }

  enum Action {
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
    /// Every service runs. Next: draining or cancelling.
    case running
    /// Services stop one by one, the last started first; this is the one at work. Next: cancelling or ended.
    case draining(Int)
    /// Everything is cancelled and awaited. Next: ended.
    case cancelling
    case ended
  }

  private let names: [String]
  private var alive: Set<Int>
  private var state = State.running
  private var drainingNow: Set<Int> = []
  /// What made the group stop, when it was not asked to.
  private var failure: (any Error)?

  init(names: [String]) {
    self.names = names
    alive = Set(names.indices)
  }

  /// The services that have not ended, in start order.
  var running: [String] { names.indices.filter(alive.contains).map { names[$0] } }

  mutating func handle(_ event: Event) -> [Action] {
    switch (state, event) {
    case (.ended, _): return []
    case (.running, .stopRequested(let reason)):
      return [.log("stopping: \(reason)", isError: false)] + beginDraining()
    case (.draining, .stopRequested(let reason)):
      return [.log("stopping at once: \(reason) again", isError: false)] + cancelEverything()
    case (.running, .cancelled), (.draining, .cancelled):
      return cancelEverything()
    case (.cancelling, .stopRequested), (.cancelling, .cancelled), (.cancelling, .drainDeadlinePassed): return []
    case (.running, .serviceEnded(let index, let error)):
      alive.remove(index)
      let reason = ServiceFailure(service: names[index], cause: error)
      failure = reason
      return [.log("\(reason)", isError: true)] + beginDraining()
    case (.draining(let current), .serviceEnded(let index, let error)):
      alive.remove(index)
      let notes = note(error, of: index)
      // A service that ends while its own drain is still at work ends with that drain.
      guard index == current, !drainingNow.contains(index) else { return notes }
      return notes + drainNext(below: index)
    case (.cancelling, .serviceEnded(let index, let error)):
      alive.remove(index)
      return note(error, of: index) + finishIfDone()
    case (.draining(let current), .drainFinished(let index)):
      drainingNow.remove(index)
      guard index == current else { return [] }
      return alive.contains(index) ? [.cancelService(index)] : drainNext(below: index)
    case (.cancelling, .drainFinished(let index)):
      drainingNow.remove(index)
      return finishIfDone()
    case (.draining, .drainDeadlinePassed):
      return [.log("the time to drain is over; cancelling \(running.joined(separator: ", "))", isError: true)]
        + cancelEverything()
    case (.running, .drainFinished), (.running, .drainDeadlinePassed):
      preconditionFailure("nothing drains while everything runs")
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
    drainingNow.insert(next)
    return [.drain(next)]
  }

  private mutating func cancelEverything() -> [Action] {
    state = .cancelling
    let cancels = names.indices.reversed().filter(alive.contains).map { Action.cancelService($0) }
    return [.startCancelTimer, .cancelDrains] + cancels + finishIfDone()
  }

  private mutating func finishIfDone() -> [Action] {
    guard alive.isEmpty, drainingNow.isEmpty else { return [] }
    state = .ended
    return [.finish(failure)]
  }

  private func note(_ error: (any Error)?, of index: Int) -> [Action] {
    guard let error, !(error is CancellationError) else { return [] }
    return [.log("\(names[index]) failed while stopping: \(error)", isError: true)]
  }
}
