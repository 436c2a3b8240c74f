/// A request line and header fields that obey RFC 9112, and what follows from them for the connection.
struct RequestHead {
  enum Body: Equatable {
    case none
    case length(Int)
    case chunked
  }

  var method: HTTPMethod = .get
  var url = ""
  /// HTTP/1.1, else HTTP/1.0.
  var isVersion11 = true
  var headers = HTTPHeaders()
  var body = Body.none
  /// Whether the client will take another response on this connection.
  var keepsAlive = true
  var expectsContinue = false
  /// Asks for an upgrade to a WebSocket.
  var wantsWebSocket = false
}

/// Why bytes are not a request that this server takes. The connection ends after the answer: what follows such bytes
/// cannot be told from a request that somebody smuggles in.
struct ParseError: Error, Equatable {
  var status: HTTPStatus
  var detail: String

  init(_ status: HTTPStatus, _ detail: String) {
    self.status = status
    self.detail = detail
  }
}
