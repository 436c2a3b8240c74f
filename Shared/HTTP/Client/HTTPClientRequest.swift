import JSON

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
