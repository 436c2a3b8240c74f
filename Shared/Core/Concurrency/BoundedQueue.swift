import Synchronization

/// Thrown by `BoundedQueue.put` when the queue is closed.
public struct QueueClosed: Error, Hashable, Sendable, CustomStringConvertible {
  public init() {}
  public var description: String { "the queue is closed" }
}

/// A first-in, first-out queue with a limit, between any number of producers and consumers.
///
/// A full queue refuses (`offer`) or holds the producer (`put`). After `close()` consumers get what is left, then nil.
public final class BoundedQueue<Element: Sendable>: Sendable {
  private struct Producer {
    var id: UInt64
    var element: Element
    var continuation: CheckedContinuation<Void, any Error>
  }

  private struct Consumer {
    var id: UInt64
    var continuation: CheckedContinuation<Element?, any Error>
  }

  private struct State {
    var elements = RingBuffer<Element>()
    var producers: [Producer] = []
    var consumers: [Consumer] = []
    var isClosed = false
    var nextID: UInt64 = 0
  }

  /// What becomes of an element that is offered; decided under the lock, carried out after it.
  private enum Admission {
    case queued, full, closed, cancelled
    case handOver(Consumer)
  }

  /// What becomes of a request for an element.
  private enum Delivery {
    case element(Element, Producer?)
    case waits, ended, cancelled
  }

  /// The most elements held, not counting those of waiting producers.
  public let capacity: Int
  private let state = Mutex(State())

  public init(capacity: Int) {
    precondition(capacity > 0, "a queue holds something")
    self.capacity = capacity
  }

  /// Elements waiting to be taken.
  public var count: Int {
    state.withLock { $0.elements.count }
  }

  /// Adds `element` if there is room. False when the queue is full or closed; never waits.
  public func offer(_ element: Element) -> Bool {
    switch state.withLock({ admit(element, to: &$0) }) {
    case .queued: return true
    case .full, .closed, .cancelled: return false
    case .handOver(let consumer):
      consumer.continuation.resume(returning: element)
      return true
    }
  }

  /// Adds `element`, waiting for room. Throws `QueueClosed`, or `CancellationError` with the element not added.
  public func put(_ element: Element) async throws {
    let id = nextID()
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        enqueue(Producer(id: id, element: element, continuation: continuation))
      }
    } onCancel: {
      let producer = state.withLock { state in
        state.producers.firstIndex { $0.id == id }.map { state.producers.remove(at: $0) }
      }
      producer?.continuation.resume(throwing: CancellationError())
    }
  }

  /// The oldest element, waiting for one; nil once the queue is closed and empty. Throws `CancellationError`.
  public func next() async throws -> Element? {
    let id = nextID()
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        enqueue(Consumer(id: id, continuation: continuation))
      }
    } onCancel: {
      let consumer = state.withLock { state in
        state.consumers.firstIndex { $0.id == id }.map { state.consumers.remove(at: $0) }
      }
      consumer?.continuation.resume(throwing: CancellationError())
    }
  }

  /// The oldest element if there is one; never waits.
  public func poll() -> Element? {
    let (element, producer) = state.withLock { takeFirst(&$0) }
    producer?.continuation.resume()
    return element
  }

  /// Refuses new elements. Waiting producers throw `QueueClosed`; consumers get what is left. May be called twice.
  public func close() {
    let (producers, consumers) = state.withLock { state -> ([Producer], [Consumer]) in
      defer {
        state.isClosed = true
        state.producers = []
        state.consumers = []
      }
      return (state.producers, state.consumers)
    }
    for producer in producers { producer.continuation.resume(throwing: QueueClosed()) }
    for consumer in consumers { consumer.continuation.resume(returning: nil) }
  }

  private func nextID() -> UInt64 {
    state.withLock { state in
      state.nextID += 1
      return state.nextID
    }
  }

  private func enqueue(_ producer: Producer) {
    let admission = state.withLock { state -> Admission in
      if Task.isCancelled { return .cancelled }
      let admission = admit(producer.element, to: &state)
      if case .full = admission { state.producers.append(producer) }
      return admission
    }
    switch admission {
    case .full: break  // Waits for a consumer, a cancellation or the end.
    case .queued: producer.continuation.resume()
    case .closed: producer.continuation.resume(throwing: QueueClosed())
    case .cancelled: producer.continuation.resume(throwing: CancellationError())
    case .handOver(let consumer):
      consumer.continuation.resume(returning: producer.element)
      producer.continuation.resume()
    }
  }

  private func enqueue(_ consumer: Consumer) {
    let delivery = state.withLock { state -> Delivery in
      if Task.isCancelled { return .cancelled }
      let (element, producer) = takeFirst(&state)
      if let element { return .element(element, producer) }
      if state.isClosed { return .ended }
      state.consumers.append(consumer)
      return .waits
    }
    switch delivery {
    case .waits: break
    case .ended: consumer.continuation.resume(returning: nil)
    case .cancelled: consumer.continuation.resume(throwing: CancellationError())
    case .element(let element, let producer):
      consumer.continuation.resume(returning: element)
      producer?.continuation.resume()
    }
  }

  private func admit(_ element: Element, to state: inout State) -> Admission {
    if state.isClosed { return .closed }
    if !state.consumers.isEmpty { return .handOver(state.consumers.removeFirst()) }
    guard state.elements.count < capacity else { return .full }
    state.elements.append(element)
    return .queued
  }

  /// The oldest element, and the producer whose element took its place.
  private func takeFirst(_ state: inout State) -> (Element?, Producer?) {
    guard let element = state.elements.popFirst() else { return (nil, nil) }
    guard !state.producers.isEmpty else { return (element, nil) }
    let producer = state.producers.removeFirst()
    state.elements.append(producer.element)
    return (element, producer)
  }
}
