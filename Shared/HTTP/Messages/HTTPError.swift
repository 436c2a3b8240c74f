import JSON

/// What a handler throws to answer with an error of its choice. It reaches the client as RFC 9457 problem JSON.
///
/// Any other error becomes a 500 with a fixed text, and is logged.
public struct HTTPError: Error, Sendable, CustomStringConvertible {
  public var status: HTTPStatus
  /// For the client's eyes: what was wrong with this request and what would be right. No internals.
  public var detail: String
  /// Sent along, for example `Retry-After`.
  public var headers: HTTPHeaders
  /// Extension members of the problem object, for example `errors`.
  public var fields: JSONObject

  public init(_ status: HTTPStatus, _ detail: String, headers: HTTPHeaders = [:], fields: JSONObject = [:]) {
    self.status = status
    self.detail = detail
    self.headers = headers
    self.fields = fields
  }

  public static func badRequest(_ detail: String) -> HTTPError { HTTPError(.badRequest, detail) }
  public static func notFound(_ detail: String) -> HTTPError { HTTPError(.notFound, detail) }

  public var description: String { "\(status): \(detail)" }

  /// The response that tells of this error.
  public var response: HTTPResponse {
    var response = HTTPResponse.problem(status, detail: detail, fields: fields)
    for (name, value) in headers {
      response.headers.add(name, value)
    }
    return response
  }
}
