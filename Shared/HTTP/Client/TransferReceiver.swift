import Synchronization

/// Takes a response from the client's thread.
protocol TransferReceiver: AnyObject, Sendable {
  func didReceiveHead(_ head: ResponseHead)
  func didReceive(_ bytes: UnsafeRawBufferPointer) -> TransferVerdict
  /// The last call. Nil means that the response is whole.
  func didEnd(_ error: HTTPClientError?)
}

enum TransferVerdict {
  case taken
  /// Nothing was taken; the same bytes come again after `CurlLoop.Command.resume`.
  case pause
  case tooLarge
}

/// Collects a response and hands it over whole.
final class WholeResponse: TransferReceiver {
  private struct State {
    var head: ResponseHead?
    var body: [UInt8] = []
    var continuation: CheckedContinuation<HTTPClientResponse, any Error>?
  }

  private let limit: Int
  private let state = Mutex(State())

  init(limit: Int) {
    self.limit = limit
  }

  func await(_ continuation: CheckedContinuation<HTTPClientResponse, any Error>) {
    state.withLock { $0.continuation = continuation }
  }

  func didReceiveHead(_ head: ResponseHead) {
    state.withLock { $0.head = head }
  }

  func didReceive(_ bytes: UnsafeRawBufferPointer) -> TransferVerdict {
    state.withLock { state in
      guard state.body.count + bytes.count <= limit else { return .tooLarge }
      state.body.append(contentsOf: bytes)
      return .taken
    }
  }

  func didEnd(_ error: HTTPClientError?) {
    let state = state.withLock { state in
      defer { state = State() }
      return state
    }
    if let error {
      state.continuation?.resume(throwing: error)
    } else if let head = state.head {
      state.continuation?.resume(
        returning: HTTPClientResponse(status: head.status, headers: head.headers, body: state.body))
    } else {
      state.continuation?.resume(
        throwing: HTTPClientError(.disconnected, "no response came", requestMayHaveBeenSent: true))
    }
  }
}

/// Hands a response over as it comes, and holds the network back when nobody reads.
final class StreamedResponse: TransferReceiver {
  private enum Outcome {
    case whole
    case failed(HTTPClientError)
  }

  private struct State {
    var head: CheckedContinuation<ResponseHead, any Error>?
    var reader: CheckedContinuation<[UInt8]?, any Error>?
    var buffered: [UInt8] = []
    var isPaused = false
    var outcome: Outcome?
  }

  /// The network is held back while this many bytes wait for a reader.
  private static let bufferedAtMost = 256 * 1024

  private let state = Mutex(State())

  func awaitHead(_ continuation: CheckedContinuation<ResponseHead, any Error>) {
    state.withLock { $0.head = continuation }
  }

  func didReceiveHead(_ head: ResponseHead) {
    state.withLock { $0.head.take() }?.resume(returning: head)
  }

  func didReceive(_ bytes: UnsafeRawBufferPointer) -> TransferVerdict {
    let (verdict, reader) = state.withLock { state -> (TransferVerdict, CheckedContinuation<[UInt8]?, any Error>?) in
      if let reader = state.reader.take() {
        return (.taken, reader)
      }
      guard state.buffered.count < Self.bufferedAtMost else {
        state.isPaused = true
        return (.pause, nil)
      }
      state.buffered.append(contentsOf: bytes)
      return (.taken, nil)
    }
    reader?.resume(returning: Array(bytes))
    return verdict
  }

  func didEnd(_ error: HTTPClientError?) {
    let (head, reader) = state.withLock { state in
      state.outcome = state.outcome ?? error.map { .failed($0) } ?? .whole
      return (state.head.take(), state.reader.take())
    }
    let failure = error ?? HTTPClientError(.disconnected, "no response came", requestMayHaveBeenSent: true)
    head?.resume(throwing: failure)
    if let error {
      reader?.resume(throwing: error)
    } else {
      reader?.resume(returning: nil)
    }
  }

  /// Gives the next bytes, the end or the failure to `continuation`, now or when they come.
  ///
  /// - Returns: Whether the network was held back for want of a reader, and can now go on.
  func read(_ continuation: CheckedContinuation<[UInt8]?, any Error>) -> Bool {
    let (bytes, outcome, unpauses) = state.withLock { state -> ([UInt8], Outcome?, Bool) in
      precondition(state.reader == nil, "one task reads a response's body")
      if state.buffered.isEmpty {
        if state.outcome == nil {
          state.reader = continuation
        }
        return ([], state.outcome, false)
      }
      defer {
        state.buffered = []
        state.isPaused = false
      }
      return (state.buffered, nil, state.isPaused)
    }
    if !bytes.isEmpty {
      continuation.resume(returning: bytes)
      return unpauses
    }
    switch outcome {
    case .whole: continuation.resume(returning: nil)
    case .failed(let error): continuation.resume(throwing: error)
    case nil: break
    }
    return false
  }
}
