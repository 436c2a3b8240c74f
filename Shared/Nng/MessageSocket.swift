internal import CNng
import Synchronization

/// What a `MessageSocket` tells its owner, on nng's threads. Nothing here may wait.
///
/// Of one pipe: first `pipeAdded`, then any number of messages, one after the other, and last `pipeRemoved`.
public protocol MessageSocketHandler: AnyObject, Sendable {
  /// A connection is up. `peer` names the other end for people.
  func pipeAdded(_ pipe: PipeID, peer: String)
  /// A request, or the reply to one, whose body is valid in the call only.
  func pipe(_ pipe: PipeID, received body: UnsafeRawBufferPointer, for request: RequestID)
  /// The message that had to wait was sent, or not all of it, because its connection has ended: `pipeRemoved` follows.
  func pipe(_ pipe: PipeID, didSend: Bool)
  func pipeRemoved(_ pipe: PipeID)
  /// A connection that was closed long ago has not ended: nng is stuck, and only a new process helps.
  func pipeIsStuck(_ pipe: PipeID)
}

/// An end of SP's request-reply protocol on nng's streams: connections that come, go and are dialed again, and messages
/// on them.
///
/// What travels is what nng's own `req0` and `rep0` sockets send and take, but the connections are kept here. nng 1.5.2
/// does not outlive peers that are killed: a pipe that is closed between the header and the body of a message is never
/// destroyed, and no other pipe of the process after it; a dialer whose peer goes while they greet never dials again; and
/// a listener stops to accept for good when a peer connects to a Unix socket and goes at once. Here each connection has
/// one read, whose end is its own, and all that is waited for has an end.
public final class MessageSocket: Sendable {
  public enum Role: Sendable {
    case request
    case reply
  }

  public struct Options: Sendable {
    /// A connection that announces a larger message is closed.
    public var maximumMessageBytes = 8 << 20
    /// Delay before a lost connection is dialed again; doubles, with jitter, up to the maximum.
    public var reconnectMinimum: Duration = .milliseconds(20)
    public var reconnectMaximum: Duration = .seconds(1)
    /// Connections at a time, those that have not greeted yet among them; further ones are closed.
    public var maximumPipes = 4_096

    public init() {}
  }

  public enum Sending: Sendable {
    /// The system has the message. It may be on its way, even when the connection ends now.
    case taken
    /// The connection is busy: `pipe(_:didSend:)` follows.
    case waiting
    /// The connection has ended, or is about to. Nothing of the message was sent.
    case gone
  }

  private let role: Role
  private let options: Options
  private let owner = Owner()
  private let state = Mutex(State())

  /// Thread-safe because it is written once, before the first connection can come.
  private final class Owner: @unchecked Sendable {
    weak var handler: (any MessageSocketHandler)?
  }

  private struct State {
    var pipes: [PipeID: (pipe: MessagePipe, dialer: MessageDialer?)] = [:]
    var listeners: [MessageListener] = []
    var dialers: [MessageDialer] = []
    var isClosed = false
    var closers: [CheckedContinuation<Void, Never>] = []
  }

  /// Neither listens nor dials yet.
  public init(_ role: Role, options: Options = Options()) {
    self.role = role
    self.options = options
  }

  deinit {
    shut()
  }

  /// Says who is told of what happens: once, before `listen` and `dial`. Not kept alive by the socket.
  public func setHandler(_ handler: any MessageSocketHandler) {
    precondition(owner.handler == nil, "a socket has one handler for its whole life")
    owner.handler = handler
  }

  var handler: (any MessageSocketHandler)? { owner.handler }

  /// Binds `url` and returns it with the port that was bound (for port 0, the one that the system chose). Peers that
  /// connect wait until `accept`.
  ///
  /// Throws `addressInUse`, with what to do about it, when another process has the address. A socket file that a dead
  /// process left behind is replaced.
  public func listen(_ url: String, tls: TLSConfiguration? = nil) throws(NngError) -> String {
    let listener = try MessageListener(url, tls: tls, socket: self)
    let isOpen = state.withLock { state -> Bool in
      guard !state.isClosed else { return false }
      state.listeners.append(listener)
      return true
    }
    guard isOpen else { throw NngError(.closed, "listen on \(url): the socket is closed") }
    return listener.url
  }

  /// Takes connections on all that was bound, from now on. Called once.
  public func accept() {
    for listener in state.withLock({ $0.listeners }) { listener.start() }
  }

  /// Unbinds all that was bound and not accepted on.
  public func unlisten() {
    let listeners = state.withLock { state in
      defer { state.listeners = [] }
      return state.listeners
    }
    for listener in listeners { listener.close() }
  }

  /// Starts to connect to `url` in the background and keeps the connection up until the socket closes.
  public func dial(_ url: String, tls: TLSConfiguration? = nil) throws(NngError) {
    let dialer = try MessageDialer(url, tls: tls, options, socket: self)
    let isOpen = state.withLock { state -> Bool in
      guard !state.isClosed else { return false }
      state.dialers.append(dialer)
      return true
    }
    guard isOpen else { throw NngError(.closed, "dial \(url): the socket is closed") }
    dialer.start()
  }

  /// Sends a request, or the reply to one. One message at a time on a pipe: the next one when this one was taken or sent.
  public func send(_ message: consuming Message, for request: RequestID, on pipe: PipeID) -> Sending {
    guard let pipe = find(pipe) else { return .gone }
    return pipe.send(message, for: request)
  }

  /// Drops one connection; `pipeRemoved` follows. Never waits.
  public func close(_ pipe: PipeID) {
    find(pipe)?.close()
  }

  /// Whether small messages go out at once (`TCP_NODELAY`); nil where that means nothing.
  func sendsAtOnce(_ pipe: PipeID) -> Bool? {
    find(pipe)?.sendsAtOnce
  }

  /// Closes the socket and returns when nothing of it runs any more. May be called more than once.
  public func close() async {
    shut()
    await withCheckedContinuation { continuation in
      let isOver = state.withLock { state -> Bool in
        guard !state.pipes.isEmpty else { return true }
        state.closers.append(continuation)
        return false
      }
      if isOver { continuation.resume() }
    }
  }

  private func shut() {
    let (listeners, dialers, pipes) = state.withLock { state in
      state.isClosed = true
      defer {
        state.listeners = []
        state.dialers = []
      }
      return (state.listeners, state.dialers, state.pipes.values.map(\.pipe))
    }
    for listener in listeners { listener.close() }
    for dialer in dialers { dialer.close() }
    for pipe in pipes { pipe.close() }
  }

  private func find(_ pipe: PipeID) -> MessagePipe? {
    state.withLock { $0.pipes[pipe]?.pipe }
  }

  /// Makes a pipe of a connected stream, which it takes over. False when there is no room for it.
  func adopt(_ stream: OpaquePointer, _ transport: Transport, from dialer: MessageDialer?) -> Bool {
    let id = PipeID.next()
    guard
      let pipe = try? MessagePipe(
        stream, id: id, transport, role: role, limit: options.maximumMessageBytes, socket: self)
    else { return false }
    let isTaken = state.withLock { state -> Bool in
      guard !state.isClosed, state.pipes.count < options.maximumPipes else { return false }
      state.pipes[id] = (pipe, dialer)
      return true
    }
    if isTaken {
      pipe.start()
    }
    return isTaken
  }

  /// Nothing of the pipe runs any more.
  func pipeIsOver(_ pipe: MessagePipe, wasUp: Bool) {
    if wasUp {
      handler?.pipeRemoved(pipe.id)
    }
    let (dialer, closers) = state.withLock { state -> (MessageDialer?, [CheckedContinuation<Void, Never>]) in
      let dialer = state.pipes.removeValue(forKey: pipe.id)?.dialer
      guard state.isClosed else { return (dialer, []) }
      guard state.pipes.isEmpty else { return (nil, []) }
      defer { state.closers = [] }
      return (nil, state.closers)
    }
    for closer in closers { closer.resume() }
    dialer?.pipeIsOver(wasUp: wasUp)
  }
}
