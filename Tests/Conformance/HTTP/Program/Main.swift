import Glibc
import HTTP
import Logging
import Metrics

/// The Swift side of the conformance run: `serve` answers other people's clients, `connect URL AUTHORITY_FILE` talks to
/// other people's WebSocket server, `fetch URL AUTHORITY_FILE` to their HTTP server.
@main
struct Main {
  static func main() async throws {
    let arguments = CommandLine.arguments
    if arguments.count == 2, arguments[1] == "serve" {
      try await serve()
    } else if arguments.count == 4, arguments[1] == "connect" {
      try await connect(arguments[2], authorityFile: arguments[3])
    } else if arguments.count == 4, arguments[1] == "fetch" {
      try await fetch(arguments[2], authorityFile: arguments[3])
    } else {
      say("usage: http-conformance serve | http-conformance (connect | fetch) URL AUTHORITY_FILE", to: STDERR_FILENO)
      exit(64)
    }
  }

  /// Prints its port on a line and serves until it is killed.
  private static func serve() async throws {
    var router = Router()
    router.on(.get, "/hello/{name}") { .text("hello \($0.parameter("name"))") }
    router.on(.post, "/echo") { .bytes(try await $0.body.collect()) }
    router.on(.put, "/count", bodyBytes: .max) { request in
      var count = 0
      for try await chunk in request.body {
        count += chunk.count
      }
      return .text("\(count)")
    }
    router.on(.get, "/stream") { _ in
      .stream(contentType: "text/plain") { writer in
        for line in 0..<1000 {
          try await writer.write("line \(line)\n")
        }
      }
    }
    router.on(.get, "/events") { _ in
      .serverSentEvents { events in
        for number in 0..<3 {
          try await events.send(data: "\(number)", event: "tick", id: "\(number)")
        }
      }
    }
    router.webSocket("/socket", subprotocols: ["echo"]) { socket, _ in
      while let message = try await socket.receive() {
        switch message {
        case .text(let text): try await socket.send(text: text)
        case .binary(let bytes): try await socket.send(binary: bytes)
        }
      }
    }
    router.webSocket("/refused", accept: { _ in .problem(.forbidden, detail: "Not you.") }, handler: { _, _ in })
    let server = HTTPServer(
      address: "http://127.0.0.1:0", router: router, logger: .discarding, metrics: MetricsRegistry())
    try server.listen()
    say("\(server.port)", to: STDOUT_FILENO)
    try await server.run()
  }

  /// Sends messages of many sizes to an echo server and exits with an error unless all come back.
  private static func connect(_ url: String, authorityFile: String) async throws {
    var options = WebSocketClient.Options()
    options.authorityFile = authorityFile
    options.subprotocols = ["echo"]
    let socket = try await WebSocketClient.connect(url: url, headers: ["Authorization": "Bearer x"], options: options)
    guard socket.subprotocol == "echo" else { fail("no subprotocol") }
    for count in [0, 1, 125, 126, 1000, 65_535, 65_536, 300_000] {
      let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
      try await socket.send(binary: payload)
      guard try await socket.receive() == .binary(payload) else { fail("\(count) bytes came back changed") }
      let text = String(repeating: "ü", count: count)
      try await socket.send(text: text)
      guard try await socket.receive() == .text(Array(text.utf8)) else { fail("\(count) letters came back changed") }
    }
    try await socket.ping([1, 2, 3])
    await socket.close(code: .normal, reason: "done")
    guard socket.peerClose?.code == .normal else { fail("not closed in good order") }
  }

  /// Prints the response's body; exits with 2 if TLS failed before anything was sent, as it must with a server that
  /// nobody vouches for.
  private static func fetch(_ url: String, authorityFile: String) async throws {
    var options = HTTPClient.Options()
    options.authorityFile = authorityFile
    let client = HTTPClient(options)
    do {
      let response = try await client.send(HTTPClientRequest(url: url))
      say(String(decoding: response.body, as: UTF8.self), to: STDOUT_FILENO)
    } catch let error as HTTPClientError where error.code == .tls && !error.requestMayHaveBeenSent {
      exit(2)
    }
  }

  private static func fail(_ message: String) -> Never {
    say(message, to: STDERR_FILENO)
    exit(1)
  }

  /// One line, at once: `print` would keep it from a pipe.
  private static func say(_ line: String, to descriptor: Int32) {
    _ = Array((line + "\n").utf8).withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
  }
}
