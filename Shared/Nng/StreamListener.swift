internal import CNng
import Synchronization

/// Accepts byte streams on a `tcp://`, `ipc://` or `tls+tcp://` URL.
public final class StreamListener: @unchecked Sendable {
  /// Thread-safe by nng's contract; immutable here, which is what makes this class Sendable.
  private let handle: OpaquePointer
  private let accepting: Aio
  private let isTLS: Bool
  private let url: String

  /// - Parameters:
  ///   - url: For example `tcp://127.0.0.1:0`, where port 0 lets the system choose.
  ///   - tls: Needed for `tls+tcp`.
  public static func make(url: String, tls: TLSConfiguration? = nil) throws(NngError) -> StreamListener {
    let accepting = try Aio()
    var handle: OpaquePointer?
    try check(nng_stream_listener_alloc(&handle, url), "listen on \(url)")
    guard let handle else { throw NngError(.outOfMemory, "listen on \(url): no handle") }
    let listener = StreamListener(handle, accepting, url: url, isTLS: tls != nil)
    if try Address.parse(url).usesTCP {
      try check(nng_stream_listener_set_bool(handle, NNG_OPT_TCP_NODELAY, true), "switch off Nagle's algorithm")
    }
    if let tls {
      let configuration = try TLSHandle.server(tls)
      let pointer = UnsafeMutableRawPointer(configuration.handle)
      try check(nng_stream_listener_set_ptr(handle, NNG_OPT_TLS_CONFIG, pointer), "set the TLS of \(url)")
    }
    return listener
  }

  private init(_ handle: OpaquePointer, _ accepting: Aio, url: String, isTLS: Bool) {
    self.handle = handle
    self.accepting = accepting
    self.url = url
    self.isTLS = isTLS
  }

  deinit {
    nng_stream_listener_close(handle)
    let surrendered = Surrendered(handle: handle)
    Reaper.later { nng_stream_listener_free(surrendered.handle) }
  }

  /// Binds; from here on clients can connect. `NngError.Code.addressInUse` when somebody else listens there.
  public func listen() throws(NngError) {
    try check(nng_stream_listener_listen(handle), "listen on \(url)")
  }

  /// The TCP port bound, once `listen` has succeeded; nil for other kinds of address.
  public var boundPort: Int? {
    var port: Int32 = 0
    guard nng_stream_listener_get_int(handle, NNG_OPT_TCP_BOUND_PORT, &port) == 0 else { return nil }
    return Int(port)
  }

  /// The next connection. One task accepts at a time. Ends with `.closed` once the listener is closed.
  public func accept() async throws(NngError) -> Stream {
    try await accepting.run("accept") { aio in nng_stream_listener_accept(handle, aio) }
    guard let output = accepting.output() else { throw NngError(.closed, "accept: no stream") }
    return try Stream.adopt(OpaquePointer(output), isTLS: isTLS)
  }

  /// Stops listening: the port is free, and `accept` ends.
  public func close() {
    nng_stream_listener_close(handle)
  }
}
