/// A response status code (RFC 9110 section 15).
public struct HTTPStatus: Hashable, Sendable, ExpressibleByIntegerLiteral, CustomStringConvertible {
  public let code: Int

  /// - Parameter code: 100 to 599; anything else is a programming error.
  public init(_ code: Int) {
    precondition((100..<600).contains(code), "not an HTTP status: \(code)")
    self.code = code
  }

  public init(integerLiteral value: Int) {
    self.init(value)
  }

  public static let ok: HTTPStatus = 200
  public static let created: HTTPStatus = 201
  public static let accepted: HTTPStatus = 202
  public static let noContent: HTTPStatus = 204
  public static let found: HTTPStatus = 302
  public static let seeOther: HTTPStatus = 303
  public static let notModified: HTTPStatus = 304
  public static let badRequest: HTTPStatus = 400
  public static let unauthorized: HTTPStatus = 401
  public static let forbidden: HTTPStatus = 403
  public static let notFound: HTTPStatus = 404
  public static let methodNotAllowed: HTTPStatus = 405
  public static let requestTimeout: HTTPStatus = 408
  public static let conflict: HTTPStatus = 409
  public static let gone: HTTPStatus = 410
  public static let lengthRequired: HTTPStatus = 411
  public static let preconditionFailed: HTTPStatus = 412
  public static let contentTooLarge: HTTPStatus = 413
  public static let uriTooLong: HTTPStatus = 414
  public static let unsupportedMediaType: HTTPStatus = 415
  public static let expectationFailed: HTTPStatus = 417
  public static let unprocessableContent: HTTPStatus = 422
  public static let upgradeRequired: HTTPStatus = 426
  public static let tooManyRequests: HTTPStatus = 429
  public static let requestHeaderFieldsTooLarge: HTTPStatus = 431
  public static let internalServerError: HTTPStatus = 500
  public static let notImplemented: HTTPStatus = 501
  public static let badGateway: HTTPStatus = 502
  public static let serviceUnavailable: HTTPStatus = 503
  public static let gatewayTimeout: HTTPStatus = 504
  public static let httpVersionNotSupported: HTTPStatus = 505

  /// The registered phrase, or the class's for codes that this module does not name.
  public var reason: String {
    switch code {
    case 100: "Continue"
    case 101: "Switching Protocols"
    case 200: "OK"
    case 201: "Created"
    case 202: "Accepted"
    case 204: "No Content"
    case 206: "Partial Content"
    case 301: "Moved Permanently"
    case 302: "Found"
    case 303: "See Other"
    case 304: "Not Modified"
    case 307: "Temporary Redirect"
    case 308: "Permanent Redirect"
    case 400: "Bad Request"
    case 401: "Unauthorized"
    case 402: "Payment Required"
    case 403: "Forbidden"
    case 404: "Not Found"
    case 405: "Method Not Allowed"
    case 406: "Not Acceptable"
    case 408: "Request Timeout"
    case 409: "Conflict"
    case 410: "Gone"
    case 411: "Length Required"
    case 412: "Precondition Failed"
    case 413: "Content Too Large"
    case 414: "URI Too Long"
    case 415: "Unsupported Media Type"
    case 417: "Expectation Failed"
    case 422: "Unprocessable Content"
    case 426: "Upgrade Required"
    case 428: "Precondition Required"
    case 429: "Too Many Requests"
    case 431: "Request Header Fields Too Large"
    case 500: "Internal Server Error"
    case 501: "Not Implemented"
    case 502: "Bad Gateway"
    case 503: "Service Unavailable"
    case 504: "Gateway Timeout"
    case 505: "HTTP Version Not Supported"
    default: ["Informational", "Success", "Redirection", "Client Error", "Server Error"][code / 100 - 1]
    }
  }

  public var isSuccess: Bool { (200..<300).contains(code) }

  /// Such a response has no body, whatever its headers say (RFC 9110 section 6.4.1).
  var forbidsBody: Bool { code < 200 || code == 204 || code == 304 }

  public var description: String { "\(code) \(reason)" }
}
