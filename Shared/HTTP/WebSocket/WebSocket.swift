import Core
import Nng
import Synchronization

struct WebSocketLimits: Sendable {
  var messageBytes: Int
  /// How long the other end may take nothing.
  var sendTimeout: Duration
}

/// One end of a WebSocket (RFC 6455), server's or client's.
///
/// One task receives; any number may send. Pings are answered while someone receives. A frame is written by the task
/// that sends it unless a write is under way; then it waits in a bounded queue, and all that is queued when the write
/// ends goes out in one.
public final class WebSocket: @unchecked Sendable {
  // `buffer` and `assembler` belong to the holder of `isReceiving`; everything else is locked or immutable.

  /// The subprotocol agreed on.
  public let subprotocol: String?
  /// The other end's IP address.
  public var remoteAddress: String { stream.remoteAddress }

  private struct State {
    var peerClose: (code: WebSocketCloseCode, reason: String)?
    var hasSentClose = false
  }

  /// How long a closing handshake may take.
  private static let closeTimeout = Duration.seconds(2)

  private let stream: Nng.Stream
  private let outgoing: WebSocketWriter
  private let state = Mutex(State())
  private let isReceiving = Atomic<Bool>(false)
  /// Fires when nothing more will be received.
  private let finished = Signal()
  private let buffer = ReadBuffer(capacity: 4096)
  private var assembler: MessageAssembler

  /// - Parameter received: Bytes that came behind the handshake.
  init(
    _ stream: Nng.Stream, role: WebSocketRole, subprotocol: String?, received: [UInt8], limits: WebSocketLimits
  ) {
    self.stream = stream
    self.subprotocol = subprotocol
    assembler = MessageAssembler(role: role, limit: limits.messageBytes)
    outgoing = WebSocketWriter(stream, role: role, timeout: limits.sendTimeout)
    buffer.space(atLeast: received.count).copyBytes(from: received)
    buffer.commit(received.count)
  }

  deinit {
    stream.close()
  }

  // MARK: Sending

  /// Returns when the message is written or queued within the socket's bound; waits while the other end is slow.
  /// Cancelled while it writes, it breaks the connection, because half a frame cannot be taken back.
  public func send(text: String) async throws {
    var text = text
    try await outgoing.send(.text, count: text.utf8.count) { output, mask in
      text.withUTF8 { WebSocketFrameHeader.append(.text, UnsafeRawBufferPointer($0), mask: mask, to: &output) }
    }
  }

  /// Sends bytes that the caller knows to be UTF-8.
  public func send(text: [UInt8]) async throws {
    try await outgoing.send(.text, text)
  }

  public func send(binary: [UInt8]) async throws {
    try await outgoing.send(.binary, binary)
  }

  /// - Parameter data: At most 125 bytes.
  public func ping(_ data: [UInt8] = []) async throws {
    precondition(data.count <= 125, "a ping carries at most 125 bytes")
    try await outgoing.send(.ping, data)
  }

  // MARK: Receiving

  /// The next message; nil when the socket was closed in good order, by whichever end.
  ///
  /// Throws `WebSocketError`: `.closed` when the connection broke, `.protocolViolation` when the other end broke the
  /// rules (it has then been told). Throws `CancellationError` when cancelled; nothing is lost by that.
  public func receive() async throws -> WebSocketMessage? {
    guard !isReceiving.exchange(true, ordering: .acquiringAndReleasing) else {
      // Whoever closes the socket between two messages receives in this task's place, until the other end has closed.
      precondition(state.withLock { $0.hasSentClose }, "one task at a time receives from a WebSocket")
      await finished.wait()
      return nil
    }
    defer { isReceiving.store(false, ordering: .releasing) }
    return try await nextMessage(timeout: nil)
  }

  private func nextMessage(timeout: Duration?) async throws -> WebSocketMessage? {
    while !finished.hasFired {
      let event: MessageAssembler.Event?
      do {
        event = try assembler.next(buffer)
      } catch {
        try await fail(error)
      }
      switch event {
      case .message(let message):
        return message
      case .ping(let data):
        try await outgoing.send(.pong, data)
      case .pong:
        break
      case .close(let code, let reason):
        await answerClose(code, reason)
      case nil:
        try await readMore(timeout: timeout)
      }
    }
    return nil
  }

  private func readMore(timeout: Duration?) async throws {
    let count: Int
    do {
      count = try await stream.read(into: buffer.space(atLeast: 2048), timeout: timeout)
    } catch let error where error.code == .cancelled {
      throw CancellationError()
    } catch {
      try end(becauseOf: error.message)
      return
    }
    buffer.commit(count)
    if count == 0 {
      try end(becauseOf: "the other end left without closing the socket")
    }
  }

  /// Nothing more comes. That is in order once a close frame has gone either way.
  private func end(becauseOf reason: String) throws {
    finished.fire()
    stream.close()
    let isInOrder = state.withLock { $0.hasSentClose || $0.peerClose != nil }
    if !isInOrder {
      outgoing.fail(WebSocketError(.closed, reason))
      throw WebSocketError(.closed, reason)
    }
  }

  private func answerClose(_ code: WebSocketCloseCode, _ reason: String) async {
    let mustAnswer = state.withLock { state in
      state.peerClose = (code, reason)
      defer { state.hasSentClose = true }
      return !state.hasSentClose
    }
    if mustAnswer {
      try? await outgoing.sendLast(Self.closePayload(code.rawValue == 1005 ? nil : code, ""))
    }
    finished.fire()
    stream.close()
  }

  private func fail(_ fault: WebSocketFault) async throws -> Never {
    let mustTell = state.withLock { state in
      defer { state.hasSentClose = true }
      return !state.hasSentClose
    }
    if mustTell {
      try? await outgoing.sendLast(Self.closePayload(fault.code, fault.reason))
    }
    finished.fire()
    stream.close()
    throw WebSocketError(.protocolViolation, fault.reason)
  }

  // MARK: Closing

  /// What the other end closed with, once it has; 1005 when it gave no code.
  public var peerClose: (code: WebSocketCloseCode, reason: String)? {
    state.withLock { $0.peerClose }
  }

  /// Closes in good order: sends the close frame behind what is queued and waits, for a short time, for the other
  /// end's. Messages that still come are dropped unless another task receives them. Harmless when closed already.
  ///
  /// - Parameter reason: At most 123 bytes of UTF-8; what is longer is cut.
  public func close(code: WebSocketCloseCode = .normal, reason: String = "") async {
    let isFirst = state.withLock { state in
      defer { state.hasSentClose = true }
      return !state.hasSentClose
    }
    if isFirst {
      try? await outgoing.sendLast(Self.closePayload(code, reason))
    }
    if !isReceiving.exchange(true, ordering: .acquiringAndReleasing) {
      let end = ContinuousClock.now + Self.closeTimeout
      while !finished.hasFired {
        let left = ContinuousClock.now.duration(to: end)
        guard left > .zero, (try? await nextMessage(timeout: left)) != nil else { break }
      }
      isReceiving.store(false, ordering: .releasing)
    } else {
      await withTaskGroup(of: Void.self) { group in
        group.addTask { [finished] in await finished.wait() }
        group.addTask { try? await Task.sleep(for: Self.closeTimeout) }
        await group.next()
        group.cancelAll()
      }
    }
    finished.fire()
    stream.close()
  }

  private static func closePayload(_ code: WebSocketCloseCode?, _ reason: String) -> [UInt8] {
    guard let code else { return [] }
    var payload = [UInt8(code.rawValue >> 8), UInt8(truncatingIfNeeded: code.rawValue)]
    for character in reason where payload.count + character.utf8.count <= 125 {
      payload.append(contentsOf: character.utf8)
    }
    return payload
  }
}
