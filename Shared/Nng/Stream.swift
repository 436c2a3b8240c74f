internal import CNng
import Synchronization

/// A connected byte stream: TCP, Unix-domain or TLS.
///
/// One task reads and one task writes at a time; more is a programming error. Cancelling a task ends its read or write
/// with `NngError.Code.cancelled`; bytes already moved stay moved, so the stream is then of no further use for writing.
public final class Stream: @unchecked Sendable {
  // The handles are thread-safe by nng's contract and immutable here, which is what makes this class Sendable.
  private let handle: OpaquePointer
  private let reading: StreamOperation
  private let writing: StreamOperation
  /// Without a callback, for writes that the kernel takes at once. None on TLS, whose engine cannot take a write back.
  private let immediate: OpaquePointer?
  private let closed = Atomic<Bool>(false)

  /// The other end's IP address without a port, or the empty string where there is none.
  public let remoteAddress: String

  /// Takes over a stream that nng made, and frees it if that fails.
  static func adopt(_ handle: OpaquePointer, isTLS: Bool) throws(NngError) -> Stream {
    var immediate: OpaquePointer?
    do throws(NngError) {
      let reading = try StreamOperation()
      do throws(NngError) {
        let writing = try StreamOperation()
        if isTLS || nng_aio_alloc(&immediate, nil, nil) == 0 {
          return Stream(handle, reading, writing, immediate)
        }
        writing.free()
      } catch {
        reading.free()
        throw error
      }
      reading.free()
      throw NngError(.outOfMemory, "allocate a stream's aio")
    } catch {
      nng_stream_free(handle)
      throw error
    }
  }

  private init(
    _ handle: OpaquePointer, _ reading: StreamOperation, _ writing: StreamOperation, _ immediate: OpaquePointer?
  ) {
    self.handle = handle
    self.reading = reading
    self.writing = writing
    self.immediate = immediate
    remoteAddress = Self.remoteAddress(of: handle)
  }

  deinit {
    // No operation runs: each holds the stream. Its callback may, on this very thread, so the freeing is done elsewhere.
    nng_stream_close(handle)
    let stream = Surrendered(handle: handle)
    let immediate = immediate.map { Surrendered(handle: $0) }
    Reaper.later { [reading, writing] in
      reading.free()
      writing.free()
      if let immediate {
        nng_aio_free(immediate.handle)
      }
      nng_stream_free(stream.handle)
    }
  }

  /// Reads what is there, at least one byte; zero means that the other end has finished writing.
  ///
  /// - Parameters:
  ///   - buffer: Not empty, and valid until this returns.
  ///   - timeout: Ends the read with `NngError.Code.timedOut`; nil waits for ever. On TLS that ends the connection.
  public func read(
    into buffer: UnsafeMutableRawBufferPointer, timeout: Duration? = nil
  ) async throws(NngError) -> Int {
    guard !closed.load(ordering: .acquiring) else { throw NngError(.closed, "read: the stream is closed") }
    let aio = reading.aio
    nng_aio_set_timeout(aio, timeout.map(milliseconds) ?? NNG_DURATION_INFINITE)
    var vector = nng_iov(iov_buf: buffer.baseAddress, iov_len: buffer.count)
    nng_aio_set_iov(aio, 1, &vector)
    await reading.run { aio in
      nng_stream_recv(handle, aio)
      abortIfClosed(aio)
    }
    let result = nng_aio_result(aio)
    if result == Int32(NNG_ECONNSHUT.rawValue) {
      return 0
    }
    try check(result, "read")
    return nng_aio_count(aio)
  }

  /// Writes `first` and then `second`, all of both.
  ///
  /// - Parameters:
  ///   - first: Valid until this returns, like `second`.
  ///   - timeout: How long the other end may take nothing before this ends with `NngError.Code.timedOut`.
  public func write(
    _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer = UnsafeRawBufferPointer(start: nil, count: 0),
    timeout: Duration? = nil
  ) async throws(NngError) {
    let count = first.count + second.count
    var sent = 0
    while sent < count {
      let now = try writeNow(first, second, from: sent)
      if now > 0 {
        sent += now
        continue
      }
      let aio = writing.aio
      nng_aio_set_timeout(aio, timeout.map(milliseconds) ?? NNG_DURATION_INFINITE)
      setVectors(aio, first, second, from: sent)
      await writing.run { aio in
        nng_stream_send(handle, aio)
        abortIfClosed(aio)
      }
      try check(nng_aio_result(aio), "write")
      sent += nng_aio_count(aio)
    }
  }

  /// Writes `first` and then `second`, all of both.
  public func write(_ first: [UInt8], _ second: [UInt8] = [], timeout: Duration? = nil) async throws(NngError) {
    let count = first.count + second.count
    var sent = try writeNow(first, second, from: 0)
    while sent < count {
      // An array's address is only known inside a closure, which cannot wait; so what waits is a copy, piece by piece.
      let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: min(count - sent, 256 * 1024), alignment: 1)
      defer { piece.deallocate() }
      let split = max(0, min(first.count - sent, piece.count))
      first.withUnsafeBytes {
        UnsafeMutableRawBufferPointer(rebasing: piece[..<split]).copyBytes(
          from: $0[min(sent, $0.count)...].prefix(split))
      }
      let start = max(0, sent - first.count)
      second.withUnsafeBytes {
        UnsafeMutableRawBufferPointer(rebasing: piece[split...]).copyBytes(
          from: $0[start..<start + piece.count - split])
      }
      try await write(UnsafeRawBufferPointer(piece), timeout: timeout)
      sent += piece.count
      sent += try writeNow(first, second, from: sent)
    }
  }

  private func writeNow(_ first: [UInt8], _ second: [UInt8], from offset: Int) throws(NngError) -> Int {
    let result = first.withUnsafeBytes { first in
      second.withUnsafeBytes { second in
        Result { () throws(NngError) -> Int in try writeNow(first, second, from: offset) }
      }
    }
    return try result.get()
  }

  /// Writes as much as goes without waiting, from byte `offset` of both buffers together on.
  ///
  /// - Returns: The number of bytes written; zero when none go now, and always zero on TLS.
  public func writeNow(
    _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer = UnsafeRawBufferPointer(start: nil, count: 0),
    from offset: Int = 0
  ) throws(NngError) -> Int {
    guard !closed.load(ordering: .acquiring) else { throw NngError(.closed, "write: the stream is closed") }
    guard let aio = immediate, first.count + second.count > offset else { return 0 }
    setVectors(aio, first, second, from: offset)
    nng_stream_send(handle, aio)
    // nng writes at once when it can, and has then set one of these. If not, nothing has gone out yet and the write is
    // taken back; the wait is for nng's poller to leave the few instructions that it may just be in.
    if nng_aio_result(aio) == 0 && nng_aio_count(aio) == 0 {
      nng_aio_abort(aio, Int32(NNG_EAGAIN.rawValue))
    }
    nng_aio_wait(aio)
    let result = nng_aio_result(aio)
    if result == Int32(NNG_EAGAIN.rawValue) {
      return 0
    }
    try check(result, "write")
    return nng_aio_count(aio)
  }

  /// Ends both directions. Reads and writes that run end with `NngError.Code.closed`. May be called at any time.
  public func close() {
    if !closed.exchange(true, ordering: .sequentiallyConsistent) {
      nng_stream_close(handle)
    }
  }

  /// Whether a small write goes out at once (`TCP_NODELAY`); nil where that means nothing.
  var sendsAtOnce: Bool? {
    var isSet = false
    return nng_stream_get_bool(handle, NNG_OPT_TCP_NODELAY, &isSet) == 0 ? isSet : nil
  }

  /// nng lets an operation that starts after `close` wait for ever.
  private func abortIfClosed(_ aio: OpaquePointer) {
    if closed.load(ordering: .sequentiallyConsistent) {
      nng_aio_abort(aio, Int32(NNG_ECLOSED.rawValue))
    }
  }

  private func setVectors(
    _ aio: OpaquePointer, _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer, from offset: Int
  ) {
    var vectors = (nng_iov(), nng_iov())
    var count: UInt32 = 0
    withUnsafeMutableBytes(of: &vectors) { raw in
      let vectors = raw.assumingMemoryBound(to: nng_iov.self)
      func add(_ buffer: UnsafeRawBufferPointer, _ skip: Int) {
        guard let start = buffer.baseAddress, buffer.count > skip else { return }
        vectors[Int(count)] = nng_iov(
          iov_buf: UnsafeMutableRawPointer(mutating: start + skip), iov_len: buffer.count - skip)
        count += 1
      }
      add(first, min(offset, first.count))
      add(second, max(0, offset - first.count))
      nng_aio_set_iov(aio, count, vectors.baseAddress)
    }
  }

  private static func remoteAddress(of handle: OpaquePointer) -> String {
    var address = nng_sockaddr()
    guard nng_stream_get_addr(handle, NNG_OPT_REMADDR, &address) == 0 else { return "" }
    // Without the port, and without an IPv6 address's brackets.
    let host = text(of: address).utf8.reversed().drop { $0 != UInt8(ascii: ":") }.dropFirst().reversed()
    return String(decoding: host.filter { $0 != UInt8(ascii: "[") && $0 != UInt8(ascii: "]") }, as: UTF8.self)
  }
}
