import Crypto
import Nng
import Synchronization

/// Orders the frames of one socket. Whoever finds no write under way writes; the others queue behind, up to a bound,
/// and what is queued when a write ends goes out in one.
final class WebSocketWriter: Sendable {
  private struct State {
    /// Frames in order, encoded, not yet given to a write.
    var queued: [UInt8] = []
    /// An empty array whose memory is used again.
    var spare: [UInt8] = []
    var isWriting = false
    var isEnding = false
    var failure: WebSocketError?
    var waiting: [CheckedContinuation<Void, Never>] = []
    var masks = MaskSource()

    /// Gives the caller all that is queued to write, unless a write is under way.
    mutating func takeTurn() -> Turn {
      if isWriting {
        return .queued
      }
      isWriting = true
      defer {
        queued = spare
        spare = []
      }
      return .write(queued)
    }

    mutating func takeWaiting() -> [CheckedContinuation<Void, Never>] {
      defer { waiting = [] }
      return waiting
    }
  }

  private enum Turn {
    case write([UInt8])
    case queued
    case wait
    case failed(WebSocketError)
  }

  /// More than this many bytes queued makes senders wait.
  private static let queuedAtMost = 256 * 1024
  /// A buffer that grew beyond this is not kept.
  private static let spareAtMost = 64 * 1024

  private let stream: Nng.Stream
  private let role: WebSocketRole
  private let timeout: Duration
  private let state = Mutex(State())

  init(_ stream: Nng.Stream, role: WebSocketRole, timeout: Duration) {
    self.stream = stream
    self.role = role
    self.timeout = timeout
  }

  func send(_ opcode: WebSocketOpcode, _ payload: [UInt8]) async throws {
    try await send(opcode, count: payload.count) { output, mask in
      payload.withUnsafeBytes { WebSocketFrameHeader.append(opcode, $0, mask: mask, to: &output) }
    }
  }

  /// - Parameter encode: Appends the frame, masked with the key if there is one. Runs under the lock.
  func send(
    _ opcode: WebSocketOpcode, count: Int, _ encode: (inout [UInt8], UInt32?) -> Void
  ) async throws {
    while true {
      let turn = state.withLock { state -> Turn in
        if let failure = state.failure {
          return .failed(failure)
        }
        if state.isEnding {
          return .failed(WebSocketError(.closed, "the socket is closed"))
        }
        if state.isWriting && !state.queued.isEmpty && state.queued.count + count > Self.queuedAtMost {
          return .wait
        }
        encode(&state.queued, role == .client ? state.masks.next() : nil)
        return state.takeTurn()
      }
      switch turn {
      case .write(let bytes): return try await write(bytes)
      case .queued: return
      case .failed(let error): throw error
      case .wait: await waitForRoom()
      }
    }
  }

  /// Sends the close frame. Nothing can be sent behind it. Returns when all is written.
  func sendLast(_ payload: [UInt8]) async throws {
    let turn = state.withLock { state -> Turn in
      if let failure = state.failure {
        return .failed(failure)
      }
      state.isEnding = true
      payload.withUnsafeBytes {
        let mask = role == .client ? state.masks.next() : nil
        WebSocketFrameHeader.append(.close, $0, mask: mask, to: &state.queued)
      }
      return state.takeTurn()
    }
    switch turn {
    case .write(let bytes): try await write(bytes)
    case .failed(let error): throw error
    case .queued, .wait:
      while state.withLock({ $0.isWriting }) {
        await waitForRoom()
      }
    }
  }

  /// Lets every sender fail from now on.
  func fail(_ error: WebSocketError) {
    let waiting = state.withLock { state in
      state.failure = state.failure ?? error
      return state.takeWaiting()
    }
    for continuation in waiting {
      continuation.resume()
    }
  }

  /// Writes `bytes` and all that gathers meanwhile.
  private func write(_ bytes: [UInt8]) async throws {
    var bytes = bytes
    while true {
      do {
        try await stream.write(bytes, timeout: timeout)
      } catch {
        stream.close()  // Part of a frame may be out.
        let failure = WebSocketError(error.code == .timedOut ? .timedOut : .closed, error.message)
        state.withLock { $0.isWriting = false }
        fail(failure)
        throw failure
      }
      bytes.removeAll(keepingCapacity: bytes.capacity <= Self.spareAtMost)
      let (more, waiting) = state.withLock { state in
        state.spare = bytes
        bytes = []
        state.isWriting = false
        let waiting = state.takeWaiting()
        guard !state.queued.isEmpty else { return (Turn.queued, waiting) }
        return (state.takeTurn(), waiting)
      }
      for continuation in waiting {
        continuation.resume()
      }
      guard case .write(let next) = more else { return }
      bytes = next
    }
  }

  /// Returns when a write has ended, or the socket has failed; the caller looks again.
  private func waitForRoom() async {
    await withCheckedContinuation { continuation in
      let isWriting = state.withLock { state in
        if state.isWriting && state.failure == nil {
          state.waiting.append(continuation)
          return true
        }
        return false
      }
      if !isWriting {
        continuation.resume()
      }
    }
  }
}

/// Unpredictable masking keys (RFC 6455 section 10.3), fetched many at a time.
struct MaskSource {
  private var bytes: [UInt8] = []
  private var used = 0

  mutating func next() -> UInt32 {
    if used + 4 > bytes.count {
      bytes = SecureRandom.bytes(1024)
      used = 0
    }
    defer { used += 4 }
    return bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: used, as: UInt32.self) }
  }
}
