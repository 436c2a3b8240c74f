/// A response whose body is still arriving. Chunks are taken from the network only as fast as they are read.
///
/// One task reads it, once. Letting go of it ends the transfer.
public struct HTTPClientStream: AsyncSequence, Sendable {
  public typealias Element = [UInt8]
  public typealias Failure = any Error

  public let status: HTTPStatus
  public let headers: HTTPHeaders
  private let reading: StreamReading

  init(_ head: ResponseHead, _ reading: StreamReading) {
    status = head.status
    headers = head.headers
    self.reading = reading
  }

  public struct Iterator: AsyncIteratorProtocol {
    fileprivate let reading: StreamReading

    /// The next bytes; nil at the end. Throws `HTTPClientError`.
    public mutating func next() async throws -> [UInt8]? {
      try await reading.next()
    }
  }

  public func makeAsyncIterator() -> Iterator {
    Iterator(reading: reading)
  }

  /// The rest of the body, if it has no more than `maximum` bytes; `HTTPClientError.Code.tooLarge` else.
  public func collect(upTo maximum: Int) async throws -> [UInt8] {
    var collected: [UInt8] = []
    for try await chunk in self {
      guard collected.count + chunk.count <= maximum else {
        throw HTTPClientError(
          .tooLarge, "the response is larger than \(maximum) bytes", requestMayHaveBeenSent: true)
      }
      collected.append(contentsOf: chunk)
    }
    return collected
  }
}

/// The reader's hold on a transfer.
final class StreamReading: Sendable {
  /// Its end would be the transfer's.
  private let client: HTTPClient
  private let loop: CurlLoop
  private let transfer: Transfer
  private let receiver: StreamedResponse

  init(_ client: HTTPClient, _ loop: CurlLoop, _ transfer: Transfer, _ receiver: StreamedResponse) {
    self.client = client
    self.loop = loop
    self.transfer = transfer
    self.receiver = receiver
  }

  deinit {
    loop.submit(.cancel(transfer))
  }

  func next() async throws -> [UInt8]? {
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        if receiver.read(continuation) {
          loop.submit(.resume(transfer))
        }
      }
    } onCancel: {
      loop.submit(.cancel(transfer))
    }
  }
}
