import JSON

/// A request's body, read once: as chunks while they arrive, or collected whole.
///
/// Chunks are taken from the connection only when asked for, so a slow reader slows the sender. The body ends with
/// its handler: reading it later throws.
public struct HTTPBody: AsyncSequence, Sendable {
  public typealias Element = [UInt8]
  public typealias Failure = any Error

  /// Gives the chunks of a body that is still arriving.
  protocol Source: AnyObject, Sendable {
    /// The next bytes, never empty; nil at the end.
    func next() async throws -> [UInt8]?
  }

  enum Storage: Sendable {
    case bytes([UInt8])
    case arriving(any Source, length: Int?)
  }

  let storage: Storage
  /// What `collect` takes at most when not told otherwise: the limit of the route or the server.
  let limit: Int

  init(_ storage: Storage, limit: Int) {
    self.storage = storage
    self.limit = limit
  }

  /// A body that is already here, for handlers' tests.
  public init(_ bytes: [UInt8] = [], limit: Int = HTTPLimits.standard.bodyBytes) {
    self.init(.bytes(bytes), limit: limit)
  }

  /// Bytes in the whole body, or nil while a chunked body is still arriving.
  public var length: Int? {
    switch storage {
    case .bytes(let bytes): bytes.count
    case .arriving(_, let length): length
    }
  }

  /// The whole body.
  ///
  /// - Parameter maximum: Bytes; nil means the limit of the route or the server. A longer body throws 413.
  public func collect(upTo maximum: Int? = nil) async throws -> [UInt8] {
    let maximum = maximum ?? limit
    if let length, length > maximum {
      throw tooLarge(maximum)
    }
    switch storage {
    case .bytes(let bytes):
      return bytes
    case .arriving(let source, let length):
      var collected: [UInt8] = []
      collected.reserveCapacity(length ?? 0)
      while let chunk = try await source.next() {
        guard collected.count + chunk.count <= maximum else { throw tooLarge(maximum) }
        collected.append(contentsOf: chunk)
      }
      return collected
    }
  }

  /// The whole body as JSON; 400 with the place of the fault if it is not JSON.
  public func json(upTo maximum: Int? = nil) async throws -> JSONValue {
    let bytes = try await collect(upTo: maximum)
    do {
      return try JSONValue.parse(bytes)
    } catch {
      throw HTTPError.badRequest("The body is not JSON: \(error.message) (line \(error.line), column \(error.column)).")
    }
  }

  private func tooLarge(_ maximum: Int) -> HTTPError {
    HTTPError(.contentTooLarge, "The body is larger than \(maximum) bytes.")
  }

  public struct Iterator: AsyncIteratorProtocol {
    private var storage: Storage?

    init(_ storage: Storage) {
      self.storage = storage
    }

    public mutating func next() async throws -> [UInt8]? {
      switch storage {
      case .none:
        return nil
      case .bytes(let bytes):
        storage = nil
        return bytes.isEmpty ? nil : bytes
      case .arriving(let source, _):
        return try await source.next()
      }
    }
  }

  public func makeAsyncIterator() -> Iterator {
    Iterator(storage)
  }
}
