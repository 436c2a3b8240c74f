/// A request as its handler sees it.
public struct HTTPRequest: Sendable {
  public var method: HTTPMethod
  /// What stood in the request line, undecoded: what signatures are computed over.
  public var url: String
  /// The path, percent-decoded.
  public var path: String
  /// Decoded pairs of the query.
  public var query: QueryItems
  public var headers: HTTPHeaders
  /// What the route's `{name}` segments matched, decoded.
  public var parameters: [String: String]
  /// The IP address of the other end of the connection, without a port. Behind a proxy it is the proxy's.
  public var remoteAddress: String
  public var body: HTTPBody

  /// - Parameter url: Path and query as they travel, for example `/leads?limit=10`.
  public init(
    method: HTTPMethod = .get, url: String, headers: HTTPHeaders = [:],
    parameters: [String: String] = [:],
    remoteAddress: String = "127.0.0.1", body: HTTPBody = HTTPBody()
  ) {
    self.method = method
    self.url = url
    let rawPath = HTTPRequest.rawPath(of: url)
    path = HTTPRequest.decoded(rawPath)
    query = QueryItems(encoded: url[rawPath.endIndex...].utf8.dropFirst())
    self.headers = headers
    self.parameters = parameters
    self.remoteAddress = remoteAddress
    self.body = body
  }

  /// A parameter of the route's pattern.
  ///
  /// Asking for a name that the pattern does not have is a programming error.
  public func parameter(_ name: String) -> String {
    guard let value = parameters[name] else {
      preconditionFailure("the route has no parameter {\(name)}")
    }
    return value
  }

  /// The media type of `Content-Type`, lowercased and without parameters; empty when there is none.
  public var mediaType: String {
    guard let field = headers["content-type"] else { return "" }
    let type = trimmed(field.utf8.prefix { $0 != UInt8(ascii: ";") })
    return String(decoding: type.map(lowercased), as: UTF8.self)
  }

  /// Throws 415 unless the body's media type is one of `types`, for example `application/json`.
  public func requireMediaType(_ types: String...) throws {
    if !types.contains(mediaType) {
      throw HTTPError(
        .unsupportedMediaType, "Content-Type must be \(types.joined(separator: " or ")).",
        headers: ["Accept": types.joined(separator: ", ")])
    }
  }

  /// The pairs of an `application/x-www-form-urlencoded` body; 415 for any other media type.
  public func form(upTo maximum: Int? = nil) async throws -> [(String, String)] {
    try requireMediaType("application/x-www-form-urlencoded")
    return FormEncoding.decode(try await body.collect(upTo: maximum))
  }

  /// A request from the parser's findings.
  init(
    head: RequestHead, rawPath: Substring, parameters: [String: String], remoteAddress: String, body: HTTPBody
  ) {
    method = head.method
    url = head.url
    path = HTTPRequest.decoded(rawPath)
    let rest = url[rawPath.endIndex...]
    query = rest.isEmpty ? QueryItems() : QueryItems(encoded: rest.utf8.dropFirst())
    headers = head.headers
    self.parameters = parameters
    self.remoteAddress = remoteAddress
    self.body = body
  }

  private static func decoded(_ rawPath: Substring) -> String {
    guard rawPath.utf8.contains(UInt8(ascii: "%")) else { return String(rawPath) }
    return String(decoding: percentDecoded(rawPath.utf8, plusAsSpace: false), as: UTF8.self)
  }

  /// The undecoded path in a target of origin form or absolute form (RFC 9112 section 3.2).
  static func rawPath(of url: String) -> Substring {
    var target = url[...]
    if target.utf8.first != UInt8(ascii: "/"), let colon = target.utf8.firstIndex(of: UInt8(ascii: ":")) {
      let afterOrigin = target.utf8[colon...].dropFirst(3).firstIndex {
        $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?")
      }
      target = target[(afterOrigin ?? target.endIndex)...]
    }
    let path = target.utf8.firstIndex(of: UInt8(ascii: "?")).map { target[..<$0] } ?? target
    return path
  }
}
