internal import CNng
import Synchronization

/// Keeps a `MessageSocket` connected to one address until it is closed.
final class MessageDialer: @unchecked Sendable {
  /// A connection that is not there by then is tried for anew.
  private static let patience = Duration.seconds(5)

  // Immutable, and thread-safe by nng's contract: this is what makes the class Sendable.
  private let dialer: OpaquePointer
  private let transport: Transport
  private let connecting: CallbackAio
  private let timer: OneShotTimer
  private let closed = Atomic(false)
  private let options: MessageSocket.Options
  private let delay: Mutex<Duration>
  private weak var socket: MessageSocket?

  /// Throws when the address cannot be used, ever.
  init(
    _ url: String, tls: TLSConfiguration?, _ options: MessageSocket.Options, socket: MessageSocket
  ) throws(NngError) {
    let address = try Address.parse(url)
    transport = try Transport(address, url)
    connecting = try CallbackAio()
    timer = try OneShotTimer()
    var handle: OpaquePointer?
    try check(nng_stream_dialer_alloc(&handle, url), "dial \(url)")
    guard let handle else { throw NngError(.outOfMemory, "dial \(url): no handle") }
    do throws(NngError) {
      try MessageDialer.set(handle, address, url, tls)
    } catch {
      nng_stream_dialer_free(handle)
      throw error
    }
    dialer = handle
    self.options = options
    delay = Mutex(options.reconnectMinimum)
    self.socket = socket
    connecting.onCompletion { [weak self] aio in self?.didConnect(aio) }
    timer.onFire { [weak self] in self?.connect() }
  }

  deinit {
    nng_stream_dialer_close(dialer)
    let surrendered = Surrendered(handle: dialer)
    Reaper.later { nng_stream_dialer_free(surrendered.handle) }
  }

  func start() {
    connect()
  }

  func close() {
    guard !closed.exchange(true, ordering: .sequentiallyConsistent) else { return }
    nng_stream_dialer_close(dialer)
    nng_aio_abort(connecting.handle, Int32(NNG_ECLOSED.rawValue))
    timer.cancel()
  }

  /// The connection that it made has ended. `wasUp` when the other end had greeted.
  func pipeIsOver(wasUp: Bool) {
    if wasUp {
      delay.withLock { $0 = options.reconnectMinimum }
    }
    connectLater()
  }

  private static func set(
    _ handle: OpaquePointer, _ address: Address, _ url: String, _ tls: TLSConfiguration?
  ) throws(NngError) {
    if address.usesTCP {
      try check(nng_stream_dialer_set_bool(handle, NNG_OPT_TCP_NODELAY, true), "switch off Nagle's algorithm")
    }
    if address.usesTLS {
      guard let tls else { throw NngError(.invalidArgument, "dial \(url): needs TLS files") }
      let configuration = try TLSHandle.client(tls, host: address.host)
      let pointer = UnsafeMutableRawPointer(configuration.handle)
      try check(nng_stream_dialer_set_ptr(handle, NNG_OPT_TLS_CONFIG, pointer), "use TLS to \(url)")
    }
  }

  private func connect() {
    guard !closed.load(ordering: .sequentiallyConsistent) else { return }
    nng_aio_set_timeout(connecting.handle, milliseconds(Self.patience))
    nng_stream_dialer_dial(dialer, connecting.handle)
    if closed.load(ordering: .sequentiallyConsistent) {
      nng_aio_abort(connecting.handle, Int32(NNG_ECLOSED.rawValue))
    }
  }

  private func didConnect(_ aio: OpaquePointer) {
    if nng_aio_result(aio) == 0, let stream = nng_aio_get_output(aio, 0),
      socket?.adopt(OpaquePointer(stream), transport, from: self) ?? false
    {
      return
    }
    connectLater()
  }

  private func connectLater() {
    let pause = delay.withLock { delay in
      defer { delay = min(delay * 2, options.reconnectMaximum) }
      return delay * Double.random(in: 0.5...1)  // So that not all clients of a server that went come at once.
    }
    timer.arm(after: pause)
    if closed.load(ordering: .sequentiallyConsistent) {
      timer.cancel()
    }
  }
}
