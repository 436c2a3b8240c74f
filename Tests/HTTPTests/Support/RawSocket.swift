import Glibc

struct SocketFailure: Error, CustomStringConvertible {
  let description: String
}

/// A TCP client that sends exactly the bytes it is told to, for what a well-behaved client cannot do.
///
/// Its blocking calls run on threads of their own: a queue's would be those that tasks need. Reads give up after a long
/// time, so that a server that never answers fails the test instead of hanging it.
final class RawSocket: Sendable {
  private let descriptor: Int32

  init(port: Int) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard result == 0 else { throw SocketFailure(description: "connect: \(String(cString: strerror(errno)))") }
    var timeout = timeval(tv_sec: 20, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    var one: Int32 = 1
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
  }

  deinit {
    close(descriptor)
  }

  /// Sends all of `bytes`; false when the server has closed the connection.
  @discardableResult
  func send(_ bytes: [UInt8]) async -> Bool {
    await Self.onThread { self.sendNow(bytes) }
  }

  /// As `send`, on the calling thread.
  @discardableResult
  func sendNow(_ bytes: [UInt8]) -> Bool {
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return false }
      sent += count
    }
    return true
  }

  @discardableResult
  func send(_ text: String) async -> Bool {
    await send(Array(text.utf8))
  }

  /// The next bytes; empty at the end of the connection or when it was reset; nil when nothing came for a long time.
  func receive(atMost count: Int = 65_536) async -> [UInt8]? {
    await Self.onThread { self.receiveNow(atMost: count) }
  }

  /// As `receive`, on the calling thread.
  func receiveNow(atMost count: Int) -> [UInt8]? {
    var isLate = false
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      let result = recv(descriptor, buffer.baseAddress, count, 0)
      isLate = result < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)
      initialized = max(0, result)
    }
    return isLate ? nil : bytes
  }

  /// Everything until the server closes.
  func receiveAll() async throws -> String {
    var all: [UInt8] = []
    while true {
      guard let bytes = await receive() else { throw SocketFailure(description: "the server did not close") }
      if bytes.isEmpty {
        return String(decoding: all, as: UTF8.self)
      }
      all += bytes
    }
  }

  /// Everything until `text` has come.
  func receive(until text: String) async throws -> String {
    var all: [UInt8] = []
    while !String(decoding: all, as: UTF8.self).contains(text) {
      guard let bytes = await receive(), !bytes.isEmpty else {
        throw SocketFailure(description: "no \(text) in \(String(decoding: all, as: UTF8.self))")
      }
      all += bytes
    }
    return String(decoding: all, as: UTF8.self)
  }

  /// Exactly `count` bytes.
  func receive(exactly count: Int) async throws -> [UInt8] {
    var all: [UInt8] = []
    while all.count < count {
      guard let bytes = await receive(atMost: count - all.count), !bytes.isEmpty else {
        throw SocketFailure(description: "only \(all.count) of \(count) bytes")
      }
      all += bytes
    }
    return all
  }

  /// Ends this side's writing; reading goes on.
  func finishWriting() {
    shutdown(descriptor, Int32(SHUT_WR))
  }

  /// Ends the connection without the usual farewell.
  func reset() {
    var linger = linger(l_onoff: 1, l_linger: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
    shutdown(descriptor, Int32(SHUT_RDWR))
  }

  /// Runs blocking `work` on a new thread.
  static func onThread<Result: Sendable>(_ work: @escaping @Sendable () -> Result) async -> Result {
    await withCheckedContinuation { continuation in
      let body = ThreadBody { continuation.resume(returning: work()) }
      var thread = pthread_t()
      let result = pthread_create(&thread, nil, runThread, Unmanaged.passRetained(body).toOpaque())
      precondition(result == 0, "no thread for a test")
      pthread_detach(thread)
    }
  }
}

private final class ThreadBody: Sendable {
  let run: @Sendable () -> Void

  init(_ run: @escaping @Sendable () -> Void) {
    self.run = run
  }
}

private func runThread(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  context.map { Unmanaged<ThreadBody>.fromOpaque($0).takeRetainedValue().run() }
  return nil
}
