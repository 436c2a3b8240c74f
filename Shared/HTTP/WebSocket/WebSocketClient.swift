import Nng

/// Opens WebSockets to servers (RFC 6455 section 4.1).
public enum WebSocketClient {
  public struct Options: Hashable, Sendable {
    /// Until the server has agreed to the upgrade: name resolution, TCP, TLS and handshake together.
    public var connectTimeout: Duration = .seconds(10)
    /// One message, in bytes; more closes with 1009.
    public var messageBytes = 16 * 1024 * 1024
    /// How long the server may take nothing of what is sent.
    public var sendTimeout: Duration = .seconds(30)
    /// Subprotocols offered, best first.
    public var subprotocols: [String] = []
    /// The authorities that a `wss` server's certificate must come from, a PEM file.
    public var authorityFile = "/etc/ssl/certs/ca-certificates.crt"

    public init() {}
  }

  /// Of a refusal's body, this many bytes are kept for the error.
  private static let refusalBytes = 16 * 1024

  /// Connects and upgrades. Throws `WebSocketError`, or `CancellationError` when cancelled.
  ///
  /// - Parameters:
  ///   - url: `ws://` or `wss://`, with path and query.
  ///   - headers: Sent with the upgrade request, for example `Authorization`.
  public static func connect(
    url: String, headers: HTTPHeaders = [:], options: Options = Options()
  ) async throws -> WebSocket {
    guard let target = WebSocketURL(url) else { throw WebSocketError(.invalidURL, "not a ws or wss URL") }
    let end = ContinuousClock.now + options.connectTimeout
    let tls =
      target.isSecure
      ? TLSConfiguration(
        certificateFile: "", keyFile: "", authorityFile: options.authorityFile, isMutual: false,
        serverName: target.host) : nil
    do {
      let stream = try await StreamDialer.dial(target.streamURL, tls: tls, timeout: options.connectTimeout)
      do {
        return try await upgrade(stream, target, headers, options, end)
      } catch {
        stream.close()
        throw error
      }
    } catch let error as NngError where error.code == .cancelled {
      throw CancellationError()
    } catch let error as NngError {
      let code: WebSocketError.Code = error.code == .timedOut ? .timedOut : .connect
      throw WebSocketError(code, "\(target.host):\(target.port): \(error.message)")
    } catch let error as ParseError {
      throw WebSocketError(.protocolViolation, error.detail)
    }
  }

  private static func upgrade(
    _ stream: Nng.Stream, _ target: WebSocketURL, _ headers: HTTPHeaders, _ options: Options,
    _ end: ContinuousClock.Instant
  ) async throws -> WebSocket {
    let key = WebSocketHandshake.newKey()
    var request = Array("GET \(target.target) HTTP/1.1\r\n".utf8)
    var fields: HTTPHeaders = [
      "Host": target.authority, "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Key": key,
      "Sec-WebSocket-Version": "13",
    ]
    if !options.subprotocols.isEmpty {
      fields["Sec-WebSocket-Protocol"] = options.subprotocols.joined(separator: ", ")
    }
    for (name, value) in headers {
      fields.add(name, value)
    }
    fields.appendWire(to: &request)
    request.append(13)
    request.append(10)
    try await stream.write(request, timeout: try left(until: end))

    let buffer = ReadBuffer(capacity: 4096)
    let response = try await readHead(stream, buffer, end)
    guard response.status.code == 101 else {
      let body = try await readRefusal(stream, buffer, response, end)
      throw WebSocketError(
        .refused, "\(target.host):\(target.port) answered \(response.status)",
        response: HTTPClientResponse(status: response.status, headers: response.headers, body: body))
    }
    let subprotocol = response.headers["sec-websocket-protocol"]
    guard response.headers["sec-websocket-accept"] == WebSocketHandshake.accept(key),
      response.headers.lists("websocket", in: "upgrade"), response.headers.lists("upgrade", in: "connection"),
      !response.headers.contains("sec-websocket-extensions"),
      subprotocol.map({ options.subprotocols.contains($0) }) ?? true
    else {
      throw WebSocketError(.protocolViolation, "\(target.host):\(target.port) upgraded to something else")
    }
    return WebSocket(
      stream, role: .client, subprotocol: subprotocol, received: buffer.take(buffer.count),
      limits: WebSocketLimits(messageBytes: options.messageBytes, sendTimeout: options.sendTimeout))
  }

  private static func readHead(
    _ stream: Nng.Stream, _ buffer: ReadBuffer, _ end: ContinuousClock.Instant
  ) async throws -> ResponseHead {
    while true {
      if let (head, consumed) = try ResponseHeadParser.parse(buffer.readable) {
        buffer.consume(consumed)
        return head
      }
      guard try await readMore(stream, buffer, end) else {
        throw NngError(.connectionShut, "the server ended the connection instead of answering")
      }
    }
  }

  /// What the server says about its refusal, as far as it comes in time.
  private static func readRefusal(
    _ stream: Nng.Stream, _ buffer: ReadBuffer, _ response: ResponseHead, _ end: ContinuousClock.Instant
  ) async throws -> [UInt8] {
    let length = min(response.headers["content-length"].flatMap { Int($0) } ?? 0, refusalBytes)
    while buffer.count < length {
      guard (try? await readMore(stream, buffer, end)) == true else { break }
    }
    return buffer.take(min(buffer.count, length))
  }

  /// - Returns: False at the end of the server's bytes.
  private static func readMore(
    _ stream: Nng.Stream, _ buffer: ReadBuffer, _ end: ContinuousClock.Instant
  ) async throws -> Bool {
    let count = try await stream.read(into: buffer.space(atLeast: 2048), timeout: try left(until: end))
    buffer.commit(count)
    return count > 0
  }

  private static func left(until end: ContinuousClock.Instant) throws -> Duration {
    let left = ContinuousClock.now.duration(to: end)
    guard left > .zero else { throw NngError(.timedOut, "the WebSocket did not open in time") }
    return left
  }
}
