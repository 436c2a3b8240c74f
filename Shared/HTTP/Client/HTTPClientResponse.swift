import JSON

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
