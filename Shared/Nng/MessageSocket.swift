internal import CNng
import Synchronization

/// A REQ or REP socket, used through contexts: `RequestContext` and `ReplyContext`.
///
/// nng keeps dialed connections up by itself and tells of every connection that comes and goes. Contexts are cheaper than
/// raw sockets: they send on the caller's thread and receive on the thread that reads, where raw sockets hop, and they
/// never drop a reply to a connection that is full. All closures given to this module run on nng's threads: they must
/// not wait.
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

    public init() {}
  }

  public enum PipeEvent: Sendable {
    /// Comes before any message of the pipe. `peer` names the other end for people.
    case added(PipeID, peer: String)
    /// Comes once for each `added`. Messages already received from the pipe may still follow.
    case removed(PipeID)
  }

  let socket: nng_socket
  private let observer = PipeObserver()
  private let closed = Atomic(false)

  /// Opens a socket that neither listens nor dials yet.
  public init(_ role: Role, options: Options = Options()) throws(NngError) {
    var socket = nng_socket()
    switch role {
    case .request: try check(nng_req0_open(&socket), "open a request socket")
    case .reply: try check(nng_rep0_open(&socket), "open a reply socket")
    }
    self.socket = socket
    // From here on `deinit` closes the socket when something below throws.
    if role == .request {
      // Whether a request may be repeated is for its sender to decide.
      try check(nng_socket_set_ms(socket, NNG_OPT_REQ_RESENDTIME, NNG_DURATION_INFINITE), "switch off resending")
    }
    try check(nng_socket_set_size(socket, NNG_OPT_RECVMAXSZ, options.maximumMessageBytes), "limit message size")
    let minimum = milliseconds(options.reconnectMinimum)
    let maximum = milliseconds(options.reconnectMaximum)
    try check(nng_socket_set_ms(socket, NNG_OPT_RECONNMINT, minimum), "set the reconnect delay")
    try check(nng_socket_set_ms(socket, NNG_OPT_RECONNMAXT, maximum), "set the reconnect delay")
    // Before the protocol starts on the pipe: so the event is ordered before its messages and its removal.
    let context = Unmanaged.passUnretained(observer).toOpaque()
    try check(nng_pipe_notify(socket, NNG_PIPE_EV_ADD_PRE, pipeDidChange, context), "watch connections")
    try check(nng_pipe_notify(socket, NNG_PIPE_EV_REM_POST, pipeDidChange, context), "watch connections")
  }

  deinit {
    if closed.exchange(true, ordering: .acquiringAndReleasing) == false {
      let socket = socket
      Reaper.later { [observer] in
        nng_close(socket)
        withExtendedLifetime(observer) {}  // The last pipe event comes before nng_close returns.
      }
    }
  }

  /// Says what runs, on an nng thread, when a connection comes or goes. Called once, before `listen` and `dial`;
  /// `body` must not wait and must not hold the socket's owner strongly.
  public func onPipeEvent(_ body: @escaping @Sendable (PipeEvent) -> Void) {
    precondition(observer.body == nil, "a socket has one observer for its whole life")
    observer.body = body
  }

  /// Listens on `url` and returns the URL with the port that was bound (for port 0, the one that the system chose).
  ///
  /// Throws `addressInUse`, with what to do about it, when another process has the address. A socket file that a dead
  /// process left behind is replaced.
  public func listen(_ url: String, tls: TLSConfiguration? = nil) throws(NngError) -> String {
    let address = try Address.parse(url)
    var listener = nng_listener()
    try check(nng_listener_create(&listener, socket, url), "listen on \(url)")
    do throws(NngError) {
      if address.usesTLS {
        guard let tls else { throw NngError(.invalidArgument, "listen on \(url): needs TLS files") }
        let handle = try TLSHandle.server(tls)
        let result = nng_listener_set_ptr(listener, NNG_OPT_TLS_CONFIG, UnsafeMutableRawPointer(handle.handle))
        try check(result, "use TLS on \(url)")
      }
      let result = nng_listener_start(listener, 0)
      if result == Int32(NNG_EADDRINUSE.rawValue) {
        throw NngError(
          .addressInUse, "listen on \(url): address in use; stop the process that has it or choose another address")
      }
      if result == Int32(NNG_EADDRINVAL.rawValue), address.scheme == "ipc", address.path.utf8.count > 107 {
        throw NngError(.addressInvalid, "listen on \(url): a socket's path has at most 107 bytes")
      }
      try check(result, "listen on \(url)")
    } catch {
      nng_listener_close(listener)
      throw error
    }
    var bound = nng_sockaddr()
    guard !address.host.isEmpty || !address.port.isEmpty,
      nng_listener_get_addr(listener, NNG_OPT_LOCADDR, &bound) == 0, let number = port(of: bound)
    else { return url }
    return address.url(port: number)
  }

  /// Starts to connect to `url` in the background and keeps the connection up until the socket closes.
  public func dial(_ url: String, tls: TLSConfiguration? = nil) throws(NngError) {
    let address = try Address.parse(url)
    var dialer = nng_dialer()
    try check(nng_dialer_create(&dialer, socket, url), "dial \(url)")
    do throws(NngError) {
      if address.usesTLS {
        guard let tls else { throw NngError(.invalidArgument, "dial \(url): needs TLS files") }
        let handle = try TLSHandle.client(tls, host: address.host)
        let result = nng_dialer_set_ptr(dialer, NNG_OPT_TLS_CONFIG, UnsafeMutableRawPointer(handle.handle))
        try check(result, "use TLS to \(url)")
      }
      try check(nng_dialer_start(dialer, Int32(NNG_FLAG_NONBLOCK)), "dial \(url)")
    } catch {
      nng_dialer_close(dialer)
      throw error
    }
  }

  /// Drops one connection; `removed` follows. Never waits.
  public func close(_ pipe: PipeID) {
    nng_pipe_close(nng_pipe(id: pipe.value))
  }

  /// Whether small messages go out at once (`TCP_NODELAY`, which nng sets on its sockets' connections by itself); nil
  /// where that means nothing.
  static func sendsAtOnce(_ pipe: PipeID) -> Bool? {
    var isSet = false
    return nng_pipe_get_bool(nng_pipe(id: pipe.value), NNG_OPT_TCP_NODELAY, &isSet) == 0 ? isSet : nil
  }

  /// Closes the socket and returns when nothing of it runs any more. May be called more than once.
  public func close() async {
    if closed.exchange(true, ordering: .acquiringAndReleasing) == false {
      let socket = socket
      await Reaper.run { nng_close(socket) }
    }
  }
}

/// What nng tells of connections. Owned by the socket, and by the closure that closes it.
private final class PipeObserver: @unchecked Sendable {
  /// Written once, before the first connection can come.
  var body: (@Sendable (MessageSocket.PipeEvent) -> Void)?
}

private func pipeDidChange(_ pipe: nng_pipe, _ event: nng_pipe_ev, _ context: UnsafeMutableRawPointer?) {
  guard let context else { return }
  let observer = Unmanaged<PipeObserver>.fromOpaque(context).takeUnretainedValue()
  let id = PipeID(value: pipe.id)
  if event == NNG_PIPE_EV_ADD_PRE {
    observer.body?(.added(id, peer: peerName(pipe)))
  } else if event == NNG_PIPE_EV_REM_POST {
    observer.body?(.removed(id))
  }
}

private func peerName(_ pipe: nng_pipe) -> String {
  var process: UInt64 = 0
  if nng_pipe_get_uint64(pipe, NNG_OPT_IPC_PEER_PID, &process) == 0 {
    return "ipc:pid=\(process)"
  }
  var address = nng_sockaddr()
  return nng_pipe_get_addr(pipe, NNG_OPT_REMADDR, &address) == 0 ? text(of: address) : "unknown"
}
