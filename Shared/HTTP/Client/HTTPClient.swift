import Core
import JSON
import Lifecycle

/// A request to send.
public struct HTTPClientRequest: Sendable {
  public struct BasicAuthentication: Hashable, Sendable {
    public var user: String
    public var password: String

    public init(user: String, password: String) {
      self.user = user
      self.password = password
    }
  }

  public var method: HTTPMethod
  /// `http://` or `https://`.
  public var url: String
  public var headers: HTTPHeaders
  public var body: [UInt8]
  /// From start to last byte of the response, name resolution and connecting included. For `stream`, the longest time
  /// without progress instead.
  public var timeout: Duration
  public var basicAuthentication: BasicAuthentication?
  /// What may be sent again, and how often; off unless given.
  public var retries: RetryPolicy?

  public init(
    method: HTTPMethod = .get, url: String, headers: HTTPHeaders = [:], body: [UInt8] = [],
    timeout: Duration = .seconds(30), basicAuthentication: BasicAuthentication? = nil, retries: RetryPolicy? = nil
  ) {
    self.method = method
    self.url = url
    self.headers = headers
    self.body = body
    self.timeout = timeout
    self.basicAuthentication = basicAuthentication
    self.retries = retries
  }

  /// A JSON body with its Content-Type.
  public static func json(
    _ method: HTTPMethod = .post, url: String, _ value: JSONValue, headers: HTTPHeaders = [:]
  ) -> HTTPClientRequest {
    var request = HTTPClientRequest(method: method, url: url, headers: headers, body: value.serializedBytes())
    request.headers["Content-Type"] = "application/json"
    return request
  }

  /// A form body with its Content-Type.
  public static func form(
    _ method: HTTPMethod = .post, url: String, _ pairs: [(String, String)], headers: HTTPHeaders = [:]
  ) -> HTTPClientRequest {
    var request = HTTPClientRequest(
      method: method, url: url, headers: headers, body: Array(FormEncoding.encode(pairs).utf8))
    request.headers["Content-Type"] = "application/x-www-form-urlencoded"
    return request
  }
}

/// A whole response. Any status arrives here; only failures to get one are thrown.
public struct HTTPClientResponse: Sendable {
  public var status: HTTPStatus
  public var headers: HTTPHeaders
  public var body: [UInt8]

  public init(status: HTTPStatus, headers: HTTPHeaders = [:], body: [UInt8] = []) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  public func json() throws -> JSONValue {
    try JSONValue.parse(body)
  }
}

/// A response whose body is still arriving. Chunks are taken from the network only as fast as they are read.
public struct HTTPClientStream: AsyncSequence, Sendable {
  public typealias Element = [UInt8]
  public typealias Failure = any Error

  public let status: HTTPStatus
  public let headers: HTTPHeaders

  public struct Iterator: AsyncIteratorProtocol {
    public mutating func next() async throws -> [UInt8]? { nil }
  }

  public func makeAsyncIterator() -> Iterator { Iterator() }
}

/// Which failures are worth another try. Waits double from `firstDelay`, with jitter, and never undercut a
/// `Retry-After` that the server sent.
public struct RetryPolicy: Hashable, Sendable {
  /// Attempts in all, the first included.
  public var attempts: Int
  public var firstDelay: Duration
  public var longestDelay: Duration
  /// Also for methods that are not idempotent: true when the request carries an idempotency key that its server honours.
  public var includesUnsafeMethods: Bool

  public init(
    attempts: Int = 4, firstDelay: Duration = .milliseconds(200), longestDelay: Duration = .seconds(10),
    includesUnsafeMethods: Bool = false
  ) {
    self.attempts = attempts
    self.firstDelay = firstDelay
    self.longestDelay = longestDelay
    self.includesUnsafeMethods = includesUnsafeMethods
  }
}

/// Why no response came.
public struct HTTPClientError: Error, Sendable, CustomStringConvertible {
  public struct Code: Hashable, Sendable, CustomStringConvertible {
    private enum Value {
      case invalidRequest, resolve, connect, tls, timedOut, disconnected, tooLarge, cancelled, closed, other
    }
    private let value: Value
    /// The URL or a header cannot be sent: a bug in the caller or its settings.
    public static let invalidRequest = Code(value: .invalidRequest)
    /// The host's name has no address.
    public static let resolve = Code(value: .resolve)
    public static let connect = Code(value: .connect)
    /// The server's certificate or its TLS was refused.
    public static let tls = Code(value: .tls)
    public static let timedOut = Code(value: .timedOut)
    /// The connection broke before the response was whole.
    public static let disconnected = Code(value: .disconnected)
    /// The response was larger than the client takes.
    public static let tooLarge = Code(value: .tooLarge)
    public static let cancelled = Code(value: .cancelled)
    /// The client was closed.
    public static let closed = Code(value: .closed)
    public static let other = Code(value: .other)
    public var description: String { "\(value)" }
  }

  public var code: Code
  /// For operators; names host and failure, never headers or bodies.
  public var message: String
  /// False only when it is certain that the server has seen nothing of the request, so that sending it elsewhere or
  /// again cannot do anything twice.
  public var requestMayHaveBeenSent: Bool

  public init(_ code: Code, _ message: String, requestMayHaveBeenSent: Bool) {
    self.code = code
    self.message = message
    self.requestMayHaveBeenSent = requestMayHaveBeenSent
  }

  public var description: String { "\(code): \(message)" }
}

/// An HTTP client on libcurl: connections are kept and shared, HTTP/2 is used where a server offers it.
public final class HTTPClient: LifecycleService {
  public struct Options: Hashable, Sendable {
    /// Connections to one host at once; further requests wait for one.
    public var connectionsPerHost = 64
    public var connectTimeout: Duration = .seconds(5)
    /// Largest response that `send` takes, in bytes.
    public var responseBytes = 16 * 1024 * 1024
    public var userAgent = "ringmaster"

    public init() {}
  }

  public let name = "http-client"

  public init(_ options: Options = Options()) {}

  /// Sends and returns the whole response. Throws `HTTPClientError`.
  public func send(_ request: HTTPClientRequest) async throws -> HTTPClientResponse {
    throw HTTPClientError(.closed, "closed", requestMayHaveBeenSent: false)
  }

  /// Sends and returns when the response's head is here.
  public func stream(_ request: HTTPClientRequest) async throws -> HTTPClientStream {
    throw HTTPClientError(.closed, "closed", requestMayHaveBeenSent: false)
  }

  /// Keeps the client until the task is cancelled, then closes it.
  public func run() async throws {}

  /// Ends what runs with `.closed`. Also happens when the last reference goes.
  public func close() {}
}
