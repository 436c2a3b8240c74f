import Nng
import Synchronization

/// A body that is still on its way when its handler starts. Takes bytes from the connection when asked, no sooner.
final class RequestBody: HTTPBody.Source, @unchecked Sendable {
  // The mutable state is touched only by whoever holds `busy`, and by the connection after `detach`.
  private enum Framing {
    case length(remaining: Int)
    case chunked(ChunkedDecoder)
    case ended
  }

  /// A connection is not kept for more unread bytes than this.
  private static let skippedAtMost = 64 * 1024
  private static let pieceBytes = 64 * 1024

  private let connection: Connection
  private let limit: Int
  private var framing: Framing
  private var awaitsContinue: Bool
  private var received = 0
  private var failure: HTTPError?
  private let busy = Atomic<Bool>(false)
  private let isDetached = Atomic<Bool>(false)

  init(_ head: RequestHead, limit: Int, connection: Connection) {
    self.connection = connection
    self.limit = limit
    awaitsContinue = head.expectsContinue
    framing =
      switch head.body {
      case .none: .ended
      case .length(let length): .length(remaining: length)
      case .chunked: .chunked(ChunkedDecoder())
      }
  }

  func next() async throws -> [UInt8]? {
    guard !busy.exchange(true, ordering: .acquiringAndReleasing) else {
      throw HTTPError(.internalServerError, "Two tasks read one request body.")
    }
    defer { busy.store(false, ordering: .releasing) }
    guard !isDetached.load(ordering: .acquiring) else {
      throw HTTPError(.internalServerError, "The request of this body has been answered.")
    }
    if let failure {
      throw failure
    }
    do {
      return try await read()
    } catch {
      let failure = Self.httpError(error)
      self.failure = failure
      throw failure
    }
  }

  private func read() async throws -> [UInt8]? {
    if awaitsContinue {
      awaitsContinue = false
      try await connection.sendContinue()
    }
    while true {
      if let bytes = try takeBuffered() {
        received += bytes.count
        guard received <= limit else {
          throw HTTPError(.contentTooLarge, "The body is larger than \(limit) bytes.")
        }
        return bytes
      }
      if case .ended = framing {
        return nil
      }
      try await connection.readBody(atLeast: Self.pieceBytes)
    }
  }

  /// What the connection has received of this body, or nil when that is nothing. Moves `framing` on.
  private func takeBuffered() throws -> [UInt8]? {
    switch framing {
    case .ended:
      return nil
    case .length(let remaining):
      let bytes = connection.buffer.take(min(remaining, Self.pieceBytes))
      guard !bytes.isEmpty else { return nil }
      framing = remaining == bytes.count ? .ended : .length(remaining: remaining - bytes.count)
      return bytes
    case .chunked(var decoder):
      // All chunks that are here at once, so that a sender of one-byte chunks costs no more than it must.
      var bytes: [UInt8] = []
      while bytes.count < Self.pieceBytes {
        switch try decoder.decode(connection.buffer.readable) {
        case .needsMore(let consumed):
          connection.buffer.consume(consumed)
          framing = .chunked(decoder)
          return bytes.isEmpty ? nil : bytes
        case .data(let range):
          bytes.append(contentsOf: connection.buffer.readable[range])
          connection.buffer.consume(range.upperBound)
        case .end(let consumed):
          connection.buffer.consume(consumed)
          framing = .ended
          return bytes.isEmpty ? nil : bytes
        }
      }
      framing = .chunked(decoder)
      return bytes
    }
  }

  private static func httpError(_ error: any Error) -> HTTPError {
    switch error {
    case let error as HTTPError: error
    case let error as ParseError: HTTPError(error.status, error.detail)
    case let error as NngError where error.code == .timedOut:
      HTTPError(.requestTimeout, "The body made no progress for too long.")
    default: HTTPError(.badRequest, "The connection broke before the body was complete.")
    }
  }

  // MARK: After the handler

  /// Ends the handler's access.
  ///
  /// - Returns: Whether what is left of the body can be skipped, so that the connection can be kept.
  func detach() -> Bool {
    isDetached.store(true, ordering: .releasing)
    guard !busy.load(ordering: .acquiring), failure == nil else { return false }
    switch framing {
    case .ended: return true
    case .length(let remaining): return remaining <= Self.skippedAtMost && !awaitsContinue
    case .chunked: return false
    }
  }

  /// Skips what is left, after `detach` has allowed it.
  func skip() async throws {
    while case .length(let remaining) = framing {
      let dropped = min(remaining, connection.buffer.count)
      connection.buffer.consume(dropped)
      framing = dropped == remaining ? .ended : .length(remaining: remaining - dropped)
      if dropped < remaining {
        try await connection.readBody(atLeast: Self.pieceBytes)
      }
    }
  }
}
