internal import CNng
import Dispatch
import Synchronization

/// One connection of a `MessageSocket`.
///
/// Both ends greet; then it reads until the stream ends, while one message at a time is written. The pipe is over, and
/// its socket told, when neither operation runs any more.
final class MessagePipe: @unchecked Sendable {
  /// Both ends greet within this.
  private static let greetingPatience = Duration.seconds(10)
  /// The other end may take nothing for this long, then the connection is closed.
  private static let writePatience = Duration.seconds(30)
  /// nng ends what runs on a closed stream at once. Looked at three times, so that a process that was stopped meanwhile
  /// is not taken for stuck when it goes on.
  private static let closingLooks = (count: 3, seconds: 5)

  let id: PipeID
  /// The other end, for people.
  let peer: String
  private let role: MessageSocket.Role
  private let framing: Framing
  // The handles are thread-safe by nng's contract and immutable, as is the rest beside `reader`, which the completions of
  // `reading` use in turn, and `outgoing`, which belongs to whoever set `isWriting`: this makes the class Sendable.
  private let stream: OpaquePointer
  private let reading: CallbackAio
  private let writing: CallbackAio
  /// Without a callback, for messages that the system takes at once. None on TLS, whose engine cannot take a write back.
  private let immediate: SynchronousAio?
  private var reader: MessageReader
  private var outgoing = Outgoing()
  private let closed = Atomic(false)
  private let state = Mutex(State())
  private weak var socket: MessageSocket?

  private struct State {
    /// Operations whose completion is still to come.
    var operations = 0
    var isUp = false
    var isOver = false
    var isWriting = false
  }

  /// A message that could not be written at once, and what is left of it.
  private struct Outgoing: ~Copyable {
    var message: Message?
    var rest = UnsafeRawBufferPointer(start: nil, count: 0)
  }

  /// Takes the stream over, and frees it if that fails.
  init(
    _ stream: OpaquePointer, id: PipeID, _ transport: Transport, role: MessageSocket.Role, limit: Int,
    socket: MessageSocket
  ) throws(NngError) {
    do throws(NngError) {
      reading = try CallbackAio()
      writing = try CallbackAio()
      immediate = transport.isTLS ? nil : try SynchronousAio()
    } catch {
      nng_stream_free(stream)
      throw error
    }
    self.stream = stream
    self.id = id
    self.role = role
    self.socket = socket
    framing = transport.framing
    peer = peerName(stream)
    reader = MessageReader(framing, limit: limit)
    reading.onCompletion { [weak self] aio in self?.didRead(aio) }
    writing.onCompletion { [weak self] aio in self?.didWrite(aio) }
  }

  deinit {
    nng_stream_close(stream)
    let surrendered = Surrendered(handle: stream)
    Reaper.later { nng_stream_free(surrendered.handle) }
  }

  /// Greets, once.
  func start() {
    let text = role.greeting
    let greeting = Message.make(capacity: text.count) { buffer in
      buffer.copyBytes(from: text)
      return text.count
    }
    state.withLock { state in
      state.operations = 1
      state.isWriting = true
    }
    let body = greeting.body
    outgoing.message = consume greeting
    outgoing.rest = body
    write(patience: Self.greetingPatience)
  }

  /// Sends one message. The next one may be sent when this one is taken, or was.
  func send(_ message: consuming Message, for request: RequestID) -> MessageSocket.Sending {
    let isFree = state.withLock { state -> Bool in
      guard state.isUp, !state.isOver, !closed.load(ordering: .relaxed) else { return false }
      precondition(!state.isWriting, "one message at a time")
      state.isWriting = true
      return true
    }
    guard isFree else { return .gone }
    let (hasFailed, rest) = message.withFrame(for: request, framing) { frame -> (Bool, UnsafeRawBufferPointer) in
      let written = writeNow(frame)
      return (written == nil, UnsafeRawBufferPointer(rebasing: frame[(written ?? 0)...]))
    }
    if hasFailed {
      close()
    }
    if hasFailed || rest.isEmpty {
      state.withLock { $0.isWriting = false }
      return hasFailed ? .gone : .taken
    }
    outgoing.message = consume message  // Keeps what `rest` points at where it is.
    outgoing.rest = rest
    let waits = state.withLock { state -> Bool in
      guard !state.isOver else { return false }
      state.operations += 1
      return true
    }
    guard waits else {
      outgoing.message = nil
      return .gone
    }
    write(patience: Self.writePatience)
    return .waiting
  }

  /// Ends the connection. Never waits.
  func close() {
    guard !closed.exchange(true, ordering: .sequentiallyConsistent) else { return }
    nng_stream_close(stream)
    seeThatItEnds(looks: Self.closingLooks.count)
  }

  /// Whether small messages go out at once (`TCP_NODELAY`); nil where that means nothing.
  var sendsAtOnce: Bool? {
    var isSet = false
    return nng_stream_get_bool(stream, NNG_OPT_TCP_NODELAY, &isSet) == 0 ? isSet : nil
  }

  // MARK: - Writing

  /// How much of the frame the system took at once; nil when the connection has ended.
  private func writeNow(_ frame: UnsafeRawBufferPointer) -> Int? {
    guard !closed.load(ordering: .sequentiallyConsistent) else { return nil }
    guard let aio = immediate?.handle else { return 0 }
    setVector(aio, frame)
    nng_stream_send(stream, aio)
    // nng writes at once when it can, and has then set one of these. If not, nothing has gone out yet and the write is
    // taken back; the wait is for nng's poller to leave the few instructions that it may just be in.
    if nng_aio_result(aio) == 0 && nng_aio_count(aio) == 0 {
      nng_aio_abort(aio, Int32(NNG_EAGAIN.rawValue))
    }
    nng_aio_wait(aio)
    switch nng_aio_result(aio) {
    case 0: return nng_aio_count(aio)
    case Int32(NNG_EAGAIN.rawValue): return 0
    default: return nil
    }
  }

  private func write(patience: Duration) {
    nng_aio_set_timeout(writing.handle, milliseconds(patience))
    setVector(writing.handle, outgoing.rest)
    nng_stream_send(stream, writing.handle)
    abortIfClosed(writing.handle)
  }

  private func didWrite(_ aio: OpaquePointer) {
    let hasFailed = nng_aio_result(aio) != 0
    outgoing.rest = UnsafeRawBufferPointer(rebasing: outgoing.rest.dropFirst(nng_aio_count(aio)))
    if !hasFailed, !outgoing.rest.isEmpty {
      return write(patience: Self.writePatience)
    }
    outgoing.message = nil
    let wasUp = state.withLock { state -> Bool in
      state.isWriting = false
      return state.isUp
    }
    if hasFailed {
      close()
    }
    if wasUp {
      socket?.handler?.pipe(id, didSend: !hasFailed)
    } else if !hasFailed {
      state.withLock { $0.operations += 1 }
      nng_aio_set_timeout(reading.handle, milliseconds(Self.greetingPatience))
      read()
    }
    operationEnded()
  }

  // MARK: - Reading

  private func read() {
    setVector(reading.handle, UnsafeRawBufferPointer(reader.room))
    nng_stream_recv(stream, reading.handle)
    abortIfClosed(reading.handle)
  }

  private func didRead(_ aio: OpaquePointer) {
    if nng_aio_result(aio) == 0, isWellFormed(nng_aio_count(aio)), !closed.load(ordering: .relaxed) {
      return read()
    }
    close()
    operationEnded()
  }

  /// Hands out what was read. False when the other end does not keep to the protocol.
  private func isWellFormed(_ count: Int) -> Bool {
    do throws(Framing.Malformed) {
      try reader.take(count) { greeting in
        guard role.accepts(greeting) else {
          close()
          return false
        }
        nng_aio_set_timeout(reading.handle, NNG_DURATION_INFINITE)  // Its owner judges its silence.
        state.withLock { $0.isUp = true }
        socket?.handler?.pipeAdded(id, peer: peer)
        return !closed.load(ordering: .relaxed)
      } deliver: { request, body in
        socket?.handler?.pipe(id, received: body, for: request)
        return !closed.load(ordering: .relaxed)
      }
      return true
    } catch {
      return false
    }
  }

  // MARK: - The end

  private func operationEnded() {
    let (isOver, wasUp) = state.withLock { state -> (Bool, Bool) in
      state.operations -= 1
      state.isOver = state.operations == 0
      return (state.isOver, state.isUp)
    }
    if isOver {
      close()
      socket?.pipeIsOver(self, wasUp: wasUp)
    }
  }

  private func seeThatItEnds(looks: Int) {
    DispatchQueue.global().asyncAfter(deadline: .now() + .seconds(Self.closingLooks.seconds)) { [weak self] in
      guard let self, !state.withLock({ $0.isOver }) else { return }
      if looks > 1 {
        seeThatItEnds(looks: looks - 1)
      } else {
        socket?.handler?.pipeIsStuck(id)
      }
    }
  }

  /// nng lets an operation that starts after the stream was closed wait for ever.
  private func abortIfClosed(_ aio: OpaquePointer) {
    if closed.load(ordering: .sequentiallyConsistent) {
      nng_aio_abort(aio, Int32(NNG_ECLOSED.rawValue))
    }
  }

  private func setVector(_ aio: OpaquePointer, _ bytes: UnsafeRawBufferPointer) {
    var vector = nng_iov(iov_buf: UnsafeMutableRawPointer(mutating: bytes.baseAddress), iov_len: bytes.count)
    nng_aio_set_iov(aio, 1, &vector)
  }
}

private func peerName(_ stream: OpaquePointer) -> String {
  var process: UInt64 = 0
  if nng_stream_get_uint64(stream, NNG_OPT_IPC_PEER_PID, &process) == 0 {
    return "ipc:pid=\(process)"
  }
  var address = nng_sockaddr()
  return nng_stream_get_addr(stream, NNG_OPT_REMADDR, &address) == 0 ? text(of: address) : "unknown"
}
