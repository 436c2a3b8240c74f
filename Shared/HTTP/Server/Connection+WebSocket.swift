import Core
import Crypto
import Logging
import Nng

/// The server's side of the opening handshake (RFC 6455 section 4.2).
extension Connection {
  /// - Returns: Whether the connection takes another request: only after a refusal.
  func upgrade(
    _ request: HTTPRequest, _ head: RequestHead, _ route: Router.Route, _ webSocket: Router.WebSocketRoute,
    _ metrics: ServerMetrics.Route
  ) async throws -> Bool {
    let started = ContinuousClock.now
    let refusal: HTTPResponse?
    do {
      if let fault = Self.handshakeFault(head) {
        refusal = fault
      } else {
        refusal = try await webSocket.accept(request)
      }
    } catch {
      refusal = response(to: error, route)
    }
    if let refusal {
      let keepsAlive = try await finish(head, refusal, body: nil)
      metrics.record(refusal.status, started.duration(to: .now))
      return keepsAlive
    }
    let offered = head.headers.values("sec-websocket-protocol").flatMap { value in
      value.split(separator: ",").map { String(decoding: trimmed($0.utf8), as: UTF8.self) }
    }
    let subprotocol = webSocket.subprotocols.first { offered.contains($0) }
    try await stream.write(
      Self.handshake(key: head.headers["sec-websocket-key"] ?? "", subprotocol: subprotocol),
      timeout: core.limits.progressTimeout)
    metrics.record(HTTPStatus(101), started.duration(to: .now))
    let socket = WebSocket(
      stream, role: .server, subprotocol: subprotocol, received: buffer.take(buffer.count),
      limits: WebSocketLimits(
        messageBytes: core.limits.webSocketMessageBytes, sendTimeout: core.limits.progressTimeout))
    await run(webSocket, socket, request, route)
    return false
  }

  private func run(
    _ webSocket: Router.WebSocketRoute, _ socket: WebSocket, _ request: HTTPRequest, _ route: Router.Route
  ) async {
    do {
      try await webSocket.handler(socket, request)
      await socket.close(code: .normal)
    } catch {
      if Task.isCancelled {
        await socket.close(code: .goingAway, reason: "The server is stopping.")
      } else if error is WebSocketError {
        await socket.close(code: .normal)  // Says that the socket is closed already, or has failed.
      } else {
        core.logger.error("WebSocket handler failed", [LogField("route", route.pattern), .error(error)])
        await socket.close(code: .internalError)
      }
    }
  }

  private static func handshakeFault(_ head: RequestHead) -> HTTPResponse? {
    guard head.wantsWebSocket else {
      return HTTPError(
        .upgradeRequired, "This is a WebSocket.", headers: ["Upgrade": "websocket", "Connection": "Upgrade"]
      ).response
    }
    guard head.headers["sec-websocket-version"] == "13" else {
      return HTTPError(
        .upgradeRequired, "The WebSocket version here is 13.", headers: ["Sec-WebSocket-Version": "13"]
      ).response
    }
    let keys = head.headers.values("sec-websocket-key")
    guard keys.count == 1, let key = Base64.decode(keys[0]), key.count == 16 else {
      return HTTPError.badRequest("Sec-WebSocket-Key is 16 bytes in base64, once.").response
    }
    return nil
  }

  private static func handshake(key: String, subprotocol: String?) -> [UInt8] {
    var text = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    text += "Sec-WebSocket-Accept: \(WebSocketHandshake.accept(key))\r\n"
    if let subprotocol {
      text += "Sec-WebSocket-Protocol: \(subprotocol)\r\n"
    }
    return Array((text + "\r\n").utf8)
  }
}
