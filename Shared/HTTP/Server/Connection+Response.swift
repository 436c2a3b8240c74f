import Core
import Logging
import Nng

/// Writing responses.
extension Connection {
  /// How a response's body is told from what follows it.
  enum ResponseFraming {
    case none
    case length(Int)
    case chunked
    /// HTTP/1.0: the connection's end is the body's.
    case untilClose
  }

  /// Bodies up to this many bytes are copied behind the head, so that both go in one write.
  private static let inlineBody = 16 * 1024
  /// After an answer that ends the connection, the client may still be sending. Closing at once would make the system
  /// reset the connection, and the client lose the answer; so this many bytes are read and dropped first, for so long.
  private static let lingerBytes = 4 * 1024 * 1024
  private static let lingerTime = Duration.seconds(2)

  /// Sends the response and deals with what the handler left of the body.
  ///
  /// - Returns: Whether the connection takes another request.
  func finish(_ head: RequestHead, _ response: HTTPResponse, body: RequestBody?) async throws -> Bool {
    let canSkip = body?.detach() ?? true
    var keepsAlive = head.keepsAlive && canSkip && !core.isDraining
    switch response.body {
    case .bytes(let bytes):
      try await send(response, bytes, to: head, keepsAlive: keepsAlive)
    case .stream(let length, let write):
      keepsAlive = keepsAlive && (length != nil || head.isVersion11)
      try await stream(response, length: length, to: head, keepsAlive: keepsAlive, write)
    case .events(let heartbeat, let send):
      keepsAlive = false
      try await streamEvents(response, heartbeat: heartbeat, to: head, send)
    }
    if keepsAlive {
      try await body?.skip()
    } else if !canSkip {
      await linger()
    }
    return keepsAlive
  }

  /// Sends a response after which the connection ends.
  func sendLast(_ response: HTTPResponse) async throws {
    guard case .bytes(let bytes) = response.body else {
      preconditionFailure("errors have plain bodies")
    }
    var head = RequestHead()
    head.keepsAlive = false
    try await send(response, bytes, to: head, keepsAlive: false)
    await linger()
  }

  private func send(
    _ response: HTTPResponse, _ bytes: [UInt8], to head: RequestHead, keepsAlive: Bool
  ) async throws {
    let framing = response.status.forbidsBody ? ResponseFraming.none : .length(bytes.count)
    writeHead(response, body: framing, keepsAlive: keepsAlive, isVersion11: head.isVersion11)
    if response.status.forbidsBody || head.method == .head {
      try await stream.write(output, timeout: core.limits.progressTimeout)
    } else if bytes.count <= Self.inlineBody {
      output.append(contentsOf: bytes)
      try await stream.write(output, timeout: core.limits.progressTimeout)
    } else {
      try await stream.write(output, bytes, timeout: core.limits.progressTimeout)
    }
  }

  /// Fills `output` with the status line and header fields.
  func writeHead(_ response: HTTPResponse, body: ResponseFraming, keepsAlive: Bool, isVersion11: Bool) {
    output.removeAll(keepingCapacity: true)
    output.append(contentsOf: "HTTP/1.1 ".utf8)
    appendNumber(response.status.code)
    output.append(32)
    output.append(contentsOf: response.status.reason.utf8)
    output.append(13)
    output.append(10)
    response.headers.appendWire(to: &output)
    switch body {
    case .none, .untilClose:
      break
    case .length(let length):
      output.append(contentsOf: "Content-Length: ".utf8)
      appendNumber(length)
      output.append(13)
      output.append(10)
    case .chunked:
      output.append(contentsOf: "Transfer-Encoding: chunked\r\n".utf8)
    }
    if !keepsAlive {
      output.append(contentsOf: "Connection: close\r\n".utf8)
    } else if !isVersion11 {
      output.append(contentsOf: "Connection: keep-alive\r\n".utf8)
    }
    core.date.append(to: &output)
    output.append(13)
    output.append(10)
  }

  private func appendNumber(_ number: Int) {
    if number >= 10 {
      appendNumber(number / 10)
    }
    output.append(48 + UInt8(number % 10))
  }

  private func linger() async {
    let end = ContinuousClock.now + Self.lingerTime
    var dropped = 0
    buffer.consume(buffer.count)
    while dropped < Self.lingerBytes {
      let left = ContinuousClock.now.duration(to: end)
      guard left > .zero, let count = try? await stream.read(into: buffer.space(atLeast: 4096), timeout: left),
        count > 0
      else { return }
      dropped += count
    }
  }
}

extension HTTPResponse {
  /// The body's length where it is known before it is sent.
  var byteCount: Int? {
    switch body {
    case .bytes(let bytes): bytes.count
    case .stream(let length, _): length
    case .events: nil
    }
  }
}
