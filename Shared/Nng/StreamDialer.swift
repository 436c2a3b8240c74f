internal import CNng
import Synchronization

/// Connects byte streams.
public enum StreamDialer {
  /// Resolves, connects and, with TLS, prepares the handshake, which the first read or write then makes.
  ///
  /// - Parameters:
  ///   - url: `tcp://host:port`, `ipc://path` or `tls+tcp://host:port`.
  ///   - tls: Needed for `tls+tcp`. Its files are read once per process and configuration.
  public static func dial(
    _ url: String, tls: TLSConfiguration? = nil, timeout: Duration? = nil
  ) async throws(NngError) -> Stream {
    do {
      return try await dialOnce(url, tls: tls, timeout: timeout)
    } catch {
      // nng tries one address of a name only, and a name such as localhost often has an IPv6 address first that nobody
      // listens on.
      guard [.connectionRefused, .unreachable, .addressInvalid].contains(error.code),
        let colon = url.firstIndex(of: ":"), url[..<colon].hasSuffix("tcp"),
        let host = try? Address.parse(url).host, host.utf8.contains(where: { $0 > UInt8(ascii: "9") }),
        !host.utf8.contains(UInt8(ascii: ":"))
      else { throw error }
      do throws(NngError) {
        return try await dialOnce("\(url[..<colon])4\(url[colon...])", tls: tls, timeout: timeout)
      } catch let second {
        throw second.code == .addressInvalid ? error : second
      }
    }
  }

  private static func dialOnce(
    _ url: String, tls: TLSConfiguration?, timeout: Duration?
  ) async throws(NngError) -> Stream {
    let aio = try Aio()
    var handle: OpaquePointer?
    try check(nng_stream_dialer_alloc(&handle, url), "connect to \(url)")
    guard let handle else { throw NngError(.outOfMemory, "connect to \(url): no handle") }
    let surrendered = Surrendered(handle: handle)
    defer { Reaper.later { nng_stream_dialer_free(surrendered.handle) } }
    let address = try Address.parse(url)
    if address.usesTCP {
      // Off by default on streams; without it a small write waits for the acknowledgement of the one before.
      try check(nng_stream_dialer_set_bool(handle, NNG_OPT_TCP_NODELAY, true), "switch off Nagle's algorithm")
    }
    if let tls {
      let configuration = try await TLSCache.shared.client(tls, host: address.host)
      let pointer = UnsafeMutableRawPointer(configuration.handle)
      try check(nng_stream_dialer_set_ptr(handle, NNG_OPT_TLS_CONFIG, pointer), "set the TLS of \(url)")
    }
    try await aio.run("connect", timeout: timeout) { nng_stream_dialer_dial(surrendered.handle, $0) }
    guard let output = aio.output() else { throw NngError(.closed, "connect to \(url): no stream") }
    return try Stream.adopt(OpaquePointer(output), isTLS: tls != nil)
  }
}

/// Keeps parsed TLS configurations: parsing a system's 140 authorities takes longer than a handshake.
private final class TLSCache: Sendable {
  static let shared = TLSCache()

  /// Hosts that one process dials by TLS are few; past this the cache starts afresh.
  private static let entriesAtMost = 64

  private struct Key: Hashable, Sendable {
    let configuration: TLSConfiguration
    let host: String
  }

  /// nng counts references to the configuration under its own lock and never changes it after set-up.
  private struct Entry: @unchecked Sendable {
    let tls: TLSHandle
  }

  private let entries = Mutex<[Key: Entry]>([:])

  func client(_ configuration: TLSConfiguration, host: String) async throws(NngError) -> TLSHandle {
    let key = Key(configuration: configuration, host: host)
    if let entry = entries.withLock({ $0[key] }) {
      return entry.tls
    }
    let made = await withCheckedContinuation { (continuation: CheckedContinuation<Result<Entry, NngError>, Never>) in
      Reaper.later {
        do throws(NngError) {
          continuation.resume(returning: .success(Entry(tls: try TLSHandle.client(configuration, host: host))))
        } catch {
          continuation.resume(returning: .failure(error))
        }
      }
    }
    let entry = try made.get()
    entries.withLock { entries in
      if entries.count >= Self.entriesAtMost {
        entries.removeAll()
      }
      entries[key] = entry
    }
    return entry.tls
  }
}
