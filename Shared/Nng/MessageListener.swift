internal import CNng
import Synchronization

/// Accepts connections for a `MessageSocket`, whatever becomes of single ones, until it is closed.
final class MessageListener: @unchecked Sendable {
  /// After an accept that failed: the process is out of descriptors or memory, perhaps.
  private static let pause = Duration.milliseconds(10)

  /// Where peers reach it.
  let url: String
  // Immutable, and thread-safe by nng's contract: this is what makes the class Sendable.
  private let listener: OpaquePointer
  private let transport: Transport
  private let accepting: CallbackAio
  private let timer: OneShotTimer
  private let closed = Atomic(false)
  private weak var socket: MessageSocket?

  /// Binds. Throws `addressInUse`, with what to do about it, when another process has the address. A socket file that a
  /// dead process left behind is replaced.
  init(_ url: String, tls: TLSConfiguration?, socket: MessageSocket) throws(NngError) {
    let address = try Address.parse(url)
    transport = try Transport(address, url)
    accepting = try CallbackAio()
    timer = try OneShotTimer()
    var handle: OpaquePointer?
    try check(nng_stream_listener_alloc(&handle, url), "listen on \(url)")
    guard let handle else { throw NngError(.outOfMemory, "listen on \(url): no handle") }
    do throws(NngError) {
      self.url = try MessageListener.bind(handle, address, url, tls)
    } catch {
      nng_stream_listener_free(handle)
      throw error
    }
    listener = handle
    self.socket = socket
    accepting.onCompletion { [weak self] aio in self?.didAccept(aio) }
    timer.onFire { [weak self] in self?.accept() }
  }

  deinit {
    nng_stream_listener_close(listener)
    let surrendered = Surrendered(handle: listener)
    Reaper.later { nng_stream_listener_free(surrendered.handle) }
  }

  func start() {
    accept()
  }

  /// The address is free when this returns.
  func close() {
    guard !closed.exchange(true, ordering: .sequentiallyConsistent) else { return }
    nng_stream_listener_close(listener)
    timer.cancel()
  }

  private static func bind(
    _ handle: OpaquePointer, _ address: Address, _ url: String, _ tls: TLSConfiguration?
  ) throws(NngError) -> String {
    if address.usesTCP {
      try check(nng_stream_listener_set_bool(handle, NNG_OPT_TCP_NODELAY, true), "switch off Nagle's algorithm")
    }
    if address.usesTLS {
      guard let tls else { throw NngError(.invalidArgument, "listen on \(url): needs TLS files") }
      let configuration = try TLSHandle.server(tls)
      let pointer = UnsafeMutableRawPointer(configuration.handle)
      try check(nng_stream_listener_set_ptr(handle, NNG_OPT_TLS_CONFIG, pointer), "use TLS on \(url)")
    }
    let result = nng_stream_listener_listen(handle)
    if result == Int32(NNG_EADDRINUSE.rawValue) {
      throw NngError(
        .addressInUse, "listen on \(url): address in use; stop the process that has it or choose another address")
    }
    if result == Int32(NNG_EADDRINVAL.rawValue), address.scheme == "ipc", address.path.utf8.count > 107 {
      throw NngError(.addressInvalid, "listen on \(url): a socket's path has at most 107 bytes")
    }
    try check(result, "listen on \(url)")
    var port: Int32 = 0
    guard address.usesTCP, nng_stream_listener_get_int(handle, NNG_OPT_TCP_BOUND_PORT, &port) == 0 else { return url }
    return address.url(port: Int(port))
  }

  private func accept() {
    nng_stream_listener_accept(listener, accepting.handle)
    if closed.load(ordering: .sequentiallyConsistent) {
      nng_aio_abort(accepting.handle, Int32(NNG_ECLOSED.rawValue))
    }
  }

  private func didAccept(_ aio: OpaquePointer) {
    if nng_aio_result(aio) == 0, let stream = nng_aio_get_output(aio, 0) {
      _ = socket?.adopt(OpaquePointer(stream), transport, from: nil)
      accept()
    } else if !closed.load(ordering: .sequentiallyConsistent) {
      timer.arm(after: Self.pause)
    }
  }
}
