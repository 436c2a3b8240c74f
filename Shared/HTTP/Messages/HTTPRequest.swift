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
    let (path, query) = HTTPRequest.split(url)
    self.path = path
    self.query = query
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

  /// Path and query of a target in origin form or absolute form (RFC 9112 section 3.2).
  static func split(_ url: String) -> (path: String, query: QueryItems) {
    var target = url[...]
    if !target.utf8.starts(with: "/".utf8), let scheme = target.range(ofASCII: "://") {
      let rest = target[scheme.upperBound...]
      let pathStart = rest.utf8.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") }
      target = pathStart.map { rest[$0...] } ?? "/"
    }
    let mark = target.utf8.firstIndex(of: UInt8(ascii: "?"))
    let rawPath = mark.map { target[..<$0] } ?? target
    let query = mark.map { QueryItems(encoded: target[$0...].utf8.dropFirst()) } ?? QueryItems()
    if rawPath.utf8.contains(UInt8(ascii: "%")) {
      return (
        String(decoding: percentDecoded(rawPath.utf8, plusAsSpace: false), as: UTF8.self), query
      )
    }
    return (rawPath.isEmpty ? "/" : String(rawPath), query)
  }
}

extension Substring {
  /// Where an ASCII text first occurs.
  fileprivate func range(ofASCII text: String) -> Range<Index>? {
    var index = utf8.startIndex
    while index < utf8.endIndex {
      let rest = utf8[index...]
      if rest.starts(with: text.utf8),
        let end = utf8.index(index, offsetBy: text.utf8.count, limitedBy: utf8.endIndex)
      {
        return index..<end
      }
      index = utf8.index(after: index)
    }
    return nil
  }
}
