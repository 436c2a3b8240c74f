import Dispatch
import Glibc

/// The wire without nng: a socket of the system's, for peers that keep to no protocol. Blocks, for some seconds at most, so
/// it belongs on a thread of its own: `onThread`.
final class WireSocket: Sendable {
  struct Failure: Error {}

  enum Place: Sendable {
    case path(String)
    case port(UInt16)

    /// The place that an RPC endpoint names.
    init?(_ endpoint: String) {
      if endpoint.hasPrefix("ipc://") {
        self = .path(String(endpoint.dropFirst(6)))
      } else if let port = endpoint.split(separator: ":").last.flatMap({ UInt16($0) }) {
        self = .port(port)
      } else {
        return nil
      }
    }

    var isPath: Bool {
      switch self {
      case .path: true
      case .port: false
      }
    }
  }

  private let descriptor: Int32

  private init(_ descriptor: Int32) throws(Failure) {
    guard descriptor >= 0 else { throw Failure() }
    self.descriptor = descriptor
    var patience = timeval(tv_sec: 5, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
  }

  deinit {
    close(descriptor)
  }

  static func connect(to place: Place) throws(Failure) -> WireSocket {
    let wire = try WireSocket(open(place))
    guard wire.with(place, { Glibc.connect($0, $1, $2) }) == 0 else { throw Failure() }
    return wire
  }

  /// For port 0 the system chooses one: `port`.
  static func listen(on place: Place) throws(Failure) -> WireSocket {
    let wire = try WireSocket(open(place))
    var isShared: Int32 = 1  // So that another one may listen there next.
    setsockopt(wire.descriptor, SOL_SOCKET, SO_REUSEADDR, &isShared, socklen_t(MemoryLayout<Int32>.size))
    guard wire.with(place, { bind($0, $1, $2) }) == 0, Glibc.listen(wire.descriptor, 128) == 0 else { throw Failure() }
    return wire
  }

  func accept() throws(Failure) -> WireSocket {
    try WireSocket(Glibc.accept(descriptor, nil, nil))
  }

  var port: UInt16 {
    var address = sockaddr_in()
    var count = socklen_t(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = getsockname(descriptor, $0, &count) }
    }
    return UInt16(bigEndian: address.sin_port)
  }

  /// As much of `bytes` as the other end takes.
  func send(_ bytes: [UInt8]) {
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return }
      sent += count
    }
  }

  /// What has come, up to a few thousand bytes; empty at the end, or when nothing comes.
  func receive() -> [UInt8] {
    var buffer = [UInt8](repeating: 0, count: 8_192)
    let count = recv(descriptor, &buffer, buffer.count, 0)
    return Array(buffer.prefix(max(0, count)))
  }

  func finishWriting() { shutdown(descriptor, Int32(SHUT_WR)) }

  /// When it is closed the other end hears of a reset, not of an end.
  func resetOnClose() {
    var option = linger(l_onoff: 1, l_linger: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
  }

  /// Ends an `accept` that waits.
  func shut() { shutdown(descriptor, Int32(SHUT_RDWR)) }

  static func onThread<Result: Sendable>(_ work: @escaping @Sendable () -> Result) async -> Result {
    await withCheckedContinuation { continuation in
      DispatchQueue(label: "wire").async { continuation.resume(returning: work()) }
    }
  }

  private static func open(_ place: Place) -> Int32 {
    socket(place.isPath ? AF_UNIX : AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
  }

  private func with(_ place: Place, _ use: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
    switch place {
    case .path(let path):
      var address = sockaddr_un()
      address.sun_family = sa_family_t(AF_UNIX)
      withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
      return withUnsafePointer(to: address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          use(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
      }
    case .port(let port):
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = port.bigEndian
      address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
      return withUnsafePointer(to: address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          use(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
    }
  }
}
