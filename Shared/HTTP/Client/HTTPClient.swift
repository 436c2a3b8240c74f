import Core
import Lifecycle

/// An HTTP client on libcurl: connections are kept and shared, HTTP/2 is used where a server offers it, redirects are
/// not followed.
///
/// All transfers run on one thread of the client's own, which lives until `close` or until the client is let go.
public final class HTTPClient: LifecycleService {
  public struct Options: Hashable, Sendable {
    /// Connections to one host at once; further requests wait for one.
    public var connectionsPerHost = 64
    /// Idle connections kept.
    public var idleConnections = 128
    public var connectTimeout: Duration = .seconds(5)
    /// Largest response that `send` takes, in bytes.
    public var responseBytes = 16 * 1024 * 1024
    public var userAgent = "ringmaster"
    /// The authorities that servers' certificates must come from, a PEM file; nil means the system's.
    public var authorityFile: String?

    public init() {}
  }

  public let name = "http-client"

  private let options: Options
  private let loop: CurlLoop

  public init(_ options: Options = Options()) {
    self.options = options
    loop = CurlLoop.start(options)
  }

  deinit {
    loop.stop()
  }

  /// Sends and returns the whole response, whatever its status. Throws `HTTPClientError`.
  ///
  /// With a retry policy, failures and statuses that it covers are tried again; the last outcome is the caller's.
  public func send(_ request: HTTPClientRequest) async throws -> HTTPClientResponse {
    guard let policy = request.retries else { return try await sendOnce(request) }
    var generator = SeededGenerator()
    var attempt = 1
    while true {
      let delay: Duration
      do {
        let response = try await sendOnce(request)
        let retryAfter = RetryPolicy.retryAfter(response.headers, now: HTTPDate.now())
        guard policy.allowsRepeating(request.method), RetryPolicy.isWorthRepeating(response.status),
          let wait = policy.delay(after: attempt, retryAfter: retryAfter, using: &generator)
        else { return response }
        delay = wait
      } catch let error as HTTPClientError {
        guard error.isTransient, policy.allowsRepeating(request.method) || !error.requestMayHaveBeenSent,
          let wait = policy.delay(after: attempt, retryAfter: nil, using: &generator)
        else { throw error }
        delay = wait
      }
      try await Task.sleep(for: delay)
      attempt += 1
    }
  }

  private func sendOnce(_ request: HTTPClientRequest) async throws -> HTTPClientResponse {
    let receiver = WholeResponse(limit: options.responseBytes)
    let transfer = Transfer(request, options, receiver, isStreaming: false)
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        receiver.await(continuation)
        start(transfer)
      }
    } onCancel: {
      loop.submit(.cancel(transfer))
    }
  }

  /// Sends and returns when the response's head is here; its body is read from the result. Never retried.
  ///
  /// The request's timeout is here the longest time without progress. Letting go of the result ends the transfer.
  public func stream(_ request: HTTPClientRequest) async throws -> HTTPClientStream {
    let receiver = StreamedResponse()
    let transfer = Transfer(request, options, receiver, isStreaming: true)
    let head = try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        receiver.awaitHead(continuation)
        start(transfer)
      }
    } onCancel: {
      loop.submit(.cancel(transfer))
    }
    return HTTPClientStream(head, StreamReading(self, loop, transfer, receiver))
  }

  private func start(_ transfer: Transfer) {
    loop.submit(.start(transfer))
    if Task.isCancelled {
      loop.submit(.cancel(transfer))  // The cancellation handler may have run before there was anything to cancel.
    }
  }

  /// Keeps the client until the task is cancelled, then closes it.
  public func run() async throws {
    await Signal().wait()
    close()
  }

  /// Ends what runs with `HTTPClientError.Code.closed`; whatever is sent later ends the same way.
  public func close() {
    loop.stop()
  }
}
