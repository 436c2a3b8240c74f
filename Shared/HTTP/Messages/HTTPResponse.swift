import JSON

/// A handler's answer.
///
/// `Content-Length`, `Transfer-Encoding`, `Connection` and `Date` are the server's business; leave them out.
public struct HTTPResponse: Sendable {
  public enum Body: Sendable {
    /// Sent with its length.
    case bytes([UInt8])
    /// Sent as it is written: chunked, or with `length` when that is known. Returning ends the body; throwing breaks
    /// the connection, so that the client cannot take a part for the whole.
    case stream(length: Int? = nil, @Sendable (HTTPBodyWriter) async throws -> Void)
    /// Server-sent events; see `serverSentEvents`.
    case events(heartbeat: Duration, @Sendable (EventWriter) async throws -> Void)
  }

  public var status: HTTPStatus
  public var headers: HTTPHeaders
  public var body: Body

  public init(status: HTTPStatus = .ok, headers: HTTPHeaders = [:], body: Body = .bytes([])) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  /// A response without a body, 204 unless told otherwise.
  public static func empty(_ status: HTTPStatus = .noContent, headers: HTTPHeaders = [:]) -> HTTPResponse {
    HTTPResponse(status: status, headers: headers)
  }

  public static func text(
    _ text: String, status: HTTPStatus = .ok, contentType: String = "text/plain; charset=utf-8"
  ) -> HTTPResponse {
    HTTPResponse(status: status, headers: ["Content-Type": contentType], body: .bytes(Array(text.utf8)))
  }

  public static func bytes(
    _ bytes: [UInt8], status: HTTPStatus = .ok, contentType: String = "application/octet-stream"
  ) -> HTTPResponse {
    HTTPResponse(status: status, headers: ["Content-Type": contentType], body: .bytes(bytes))
  }

  public static func json(_ value: JSONValue, status: HTTPStatus = .ok) -> HTTPResponse {
    bytes(value.serializedBytes(), status: status, contentType: "application/json")
  }

  /// Problem details (RFC 9457).
  ///
  /// - Parameters:
  ///   - title: The kind of problem; nil means the status's phrase.
  ///   - detail: What was wrong this time.
  ///   - fields: Extension members; `status`, `title` and `detail` among them are overwritten.
  public static func problem(
    _ status: HTTPStatus, title: String? = nil, detail: String, fields: JSONObject = [:]
  ) -> HTTPResponse {
    var problem = fields
    problem["status"] = .integer(Int64(status.code))
    problem["title"] = .string(title ?? status.reason)
    problem["detail"] = .string(detail)
    return bytes(
      JSONValue.object(problem).serializedBytes(), status: status, contentType: "application/problem+json")
  }

  /// Sent while it is produced, under back-pressure: `write` returns when the connection took the bytes.
  public static func stream(
    contentType: String, length: Int? = nil, status: HTTPStatus = .ok,
    _ write: @escaping @Sendable (HTTPBodyWriter) async throws -> Void
  ) -> HTTPResponse {
    HTTPResponse(
      status: status, headers: ["Content-Type": contentType], body: .stream(length: length, write))
  }

  /// Server-sent events (WHATWG HTML section 9.2). `send` runs until it returns, the client goes away or the server
  /// drains; in the last two cases its task is cancelled.
  ///
  /// - Parameter heartbeat: A comment is sent after this long without an event, so that proxies keep the connection.
  public static func serverSentEvents(
    heartbeat: Duration = .seconds(15), _ send: @escaping @Sendable (EventWriter) async throws -> Void
  ) -> HTTPResponse {
    HTTPResponse(
      headers: ["Content-Type": "text/event-stream", "Cache-Control": "no-store"],
      body: .events(heartbeat: heartbeat, send))
  }

  /// 302, or 303 after a POST, and so on.
  public static func redirect(to location: String, status: HTTPStatus = .found) -> HTTPResponse {
    HTTPResponse(status: status, headers: ["Location": location])
  }
}

/// Takes a streamed body's bytes.
public struct HTTPBodyWriter: Sendable {
  private let send: @Sendable ([UInt8]) async throws -> Void

  /// - Parameter send: Takes one chunk. Tests of handlers give their own.
  public init(_ send: @escaping @Sendable ([UInt8]) async throws -> Void) {
    self.send = send
  }

  /// Returns when the connection has taken the bytes. Throws when the client has gone.
  public func write(_ bytes: [UInt8]) async throws {
    if !bytes.isEmpty {
      try await send(bytes)
    }
  }

  public func write(_ text: String) async throws {
    try await write(Array(text.utf8))
  }
}
