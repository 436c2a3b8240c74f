import HTTP
import Synchronization

/// Messages on their way into one WebSocket. Whoever makes them never waits; the task that sends takes all there are.
final class Outbox: Sendable {
  private struct State {
    var messages: [[UInt8]] = []
    var isClosed = false
    var waiter: CheckedContinuation<Void, Never>?
  }

  /// Messages that may wait; with more the outbox closes, since the other end does not read.
  static let limit = 5_000

  private let state = Mutex(State())

  /// Messages that have not been taken.
  var count: Int { state.withLock { $0.messages.count } }

  /// Adds messages; nothing is added once the outbox is closed or full.
  func put(_ messages: [[UInt8]]) {
    guard !messages.isEmpty else { return }
    let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
      guard !state.isClosed else { return nil }
      if state.messages.count + messages.count > Outbox.limit {
        state.isClosed = true
      } else {
        state.messages.append(contentsOf: messages)
      }
      return state.waiter.take()
    }
    waiter?.resume()
  }

  /// Takes no more; what is there can still be taken.
  func close() {
    let waiter = state.withLock { state in
      state.isClosed = true
      return state.waiter.take()
    }
    waiter?.resume()
  }

  /// Sends what comes until the outbox is closed and empty. One task does this.
  ///
  /// Throws: what the socket throws, and `CancellationError`.
  func send(to socket: WebSocket) async throws {
    while true {
      let (messages, isClosed) = state.withLock { state in
        defer { state.messages.removeAll() }
        return (state.messages, state.isClosed)
      }
      if !messages.isEmpty {
        try await socket.send(texts: messages)
      } else if isClosed {
        return
      } else {
        await wait()
        try Task.checkCancellation()
      }
    }
  }

  private func wait() async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let hasNews = state.withLock { state in
          guard state.messages.isEmpty, !state.isClosed, !Task.isCancelled else { return true }
          state.waiter = continuation
          return false
        }
        if hasNews { continuation.resume() }
      }
    } onCancel: {
      state.withLock { $0.waiter.take() }?.resume()
    }
  }
}

extension WebSocket {
  /// Sends several messages with as few writes as possible: the first is written, and while it is, the others gather
  /// behind it in the socket's own queue.
  func send(texts: [[UInt8]]) async throws {
    guard let first = texts.first else { return }
    guard texts.count > 1 else { return try await send(text: first) }
    try await withThrowingTaskGroup(of: Void.self) { group in
      // Runs here and now until its write is under way, so that the order is kept.
      group.addImmediateTask { try await self.send(text: first) }
      for text in texts.dropFirst() { try await send(text: text) }
      try await group.waitForAll()
    }
  }
}
