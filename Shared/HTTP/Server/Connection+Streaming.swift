import Core
import Logging
import Nng
import Synchronization

/// Bodies that are sent while they are produced.
extension Connection {
  func stream(
    _ response: HTTPResponse, length: Int?, to head: RequestHead, keepsAlive: Bool,
    _ write: @Sendable (HTTPBodyWriter) async throws -> Void
  ) async throws {
    let framing: ResponseFraming =
      if response.status.forbidsBody {
        .none
      } else if let length {
        .length(length)
      } else if head.isVersion11 {
        .chunked
      } else {
        .untilClose
      }
    writeHead(response, body: framing, keepsAlive: keepsAlive, isVersion11: head.isVersion11)
    try await stream.write(output, timeout: core.limits.progressTimeout)
    guard !response.status.forbidsBody, head.method != .head else { return }
    let sink = BodySink(stream, framing, timeout: core.limits.progressTimeout)
    do {
      try await write(HTTPBodyWriter { try await sink.write($0) })
      try await sink.finish()
    } catch {
      await sink.abandon()
      report(error)
      throw error
    }
  }

  /// Sends events until the producer ends, the client goes away or the server drains.
  func streamEvents(
    _ response: HTTPResponse, heartbeat: Duration, to head: RequestHead,
    _ send: @escaping @Sendable (EventWriter) async throws -> Void
  ) async throws {
    let framing: ResponseFraming = head.isVersion11 ? .chunked : .untilClose
    writeHead(response, body: framing, keepsAlive: false, isVersion11: head.isVersion11)
    try await stream.write(output, timeout: core.limits.progressTimeout)
    guard head.method != .head else { return }
    let sink = BodySink(stream, framing, timeout: core.limits.progressTimeout)
    await withTaskGroup(of: Void.self) { group in
      group.addTask { [self] in
        do {
          try await send(EventWriter { try await sink.write($0) })
        } catch {
          report(error)
        }
      }
      group.addTask { await sink.beat(every: heartbeat) }
      group.addTask { [self] in await waitUntilClientIsGone() }
      group.addTask { [core] in await core.draining.wait() }
      await group.next()
      group.cancelAll()
    }
    // Without its end, a client would take the stream for broken; with it, for finished. Either way it connects again.
    try await sink.finish()
  }

  /// Returns when the client has ended the connection, or sent more than a pipelining client would.
  private func waitUntilClientIsGone() async {
    let pipelinedAtMost = 16 * 1024
    while buffer.count < pipelinedAtMost {
      guard let count = try? await stream.read(into: buffer.space(atLeast: 1024)), count > 0 else { return }
      buffer.commit(count)
    }
  }

  /// Logs what a producer threw, unless it only says that the client or the server has gone.
  private func report(_ error: any Error) {
    if !(error is NngError || error is CancellationError || Task.isCancelled) {
      core.logger.error("Response broken off", [.error(error)])
    }
  }
}

/// Writes a streamed body's bytes in its framing, one write at a time.
final class BodySink: @unchecked Sendable {
  // Mutable state is touched by the holder of `lock` only, but for the atomic flag.
  private let stream: Nng.Stream
  private let framing: Connection.ResponseFraming
  private let timeout: Duration
  private let lock = AsyncLock()
  private var isEnded = false
  private var remaining: Int
  private let hasWritten = Atomic<Bool>(true)

  /// Larger writes are cut into chunks of this size, so that framing them takes a bounded copy.
  private static let chunkBytes = 64 * 1024

  init(_ stream: Nng.Stream, _ framing: Connection.ResponseFraming, timeout: Duration) {
    self.stream = stream
    self.framing = framing
    self.timeout = timeout
    remaining = if case .length(let length) = framing { length } else { .max }
  }

  func write(_ bytes: [UInt8]) async throws {
    await lock.acquire()
    defer { lock.release() }
    guard !isEnded else { throw NngError(.closed, "write: the response is over") }
    guard bytes.count <= remaining else {
      throw HTTPError(.internalServerError, "The body is longer than the length stated for it.")
    }
    hasWritten.store(true, ordering: .relaxed)
    if case .chunked = framing {
      try await writeChunks(bytes)
    } else {
      remaining -= bytes.count
      try await stream.write(bytes, timeout: timeout)
    }
  }

  private func writeChunks(_ bytes: [UInt8]) async throws {
    var start = 0
    while start < bytes.count {
      let end = min(start + Self.chunkBytes, bytes.count)
      var chunk = Array("\(String(end - start, radix: 16))\r\n".utf8)
      chunk.reserveCapacity(chunk.count + end - start + 2)
      chunk.append(contentsOf: bytes[start..<end])
      chunk.append(13)
      chunk.append(10)
      try await stream.write(chunk, timeout: timeout)
      start = end
    }
  }

  /// Sends a comment whenever nothing was written for `interval`. Ends on cancellation, or when the connection fails.
  func beat(every interval: Duration) async {
    while (try? await Task.sleep(for: interval)) != nil {
      if !hasWritten.exchange(false, ordering: .relaxed) {
        guard (try? await write(Array(":\n\n".utf8))) != nil else { return }
        hasWritten.store(false, ordering: .relaxed)
      }
    }
  }

  /// Ends the body in good order; nothing can be written afterwards.
  func finish() async throws {
    await lock.acquire()
    defer { lock.release() }
    isEnded = true
    switch framing {
    case .chunked:
      try await stream.write(Array("0\r\n\r\n".utf8), timeout: timeout)
    case .length where remaining > 0:
      throw HTTPError(.internalServerError, "The body is shorter than the length stated for it.")
    case .length, .none, .untilClose:
      break
    }
  }

  /// Lets nobody write any more.
  func abandon() async {
    await lock.acquire()
    isEnded = true
    lock.release()
  }
}
