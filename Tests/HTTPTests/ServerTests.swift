import Core
import JSON
import Logging
import Metrics
import Nng
import Synchronization
import Testing

@testable import HTTP

private func echoRouter() -> Router {
  var router = Router()
  router.on(.get, "/hello/{name}") { .text("hello \($0.parameter("name"))") }
  router.on(.post, "/echo") { .bytes(try await $0.body.collect()) }
  router.on(.post, "/ignore") { _ in .text("ignored") }
  router.on(.get, "/refuse") { _ in throw HTTPError(.conflict, "Not now.", headers: ["X-Why": "because"]) }
  router.on(.get, "/fail") { _ in throw SocketFailure(description: "secret") }
  return router
}

@Suite struct ServerTests {
  @Test func answersAndKeepsTheConnection() async throws {
    try await withServer(echoRouter()) { server in
      let socket = try RawSocket(port: server.port)
      for name in ["a", "b%20c"] {
        await socket.send("GET /hello/\(name)?q HTTP/1.1\r\nHost: x\r\n\r\n")
        let response = try await socket.receive(until: "hello \(name == "a" ? "a" : "b c")")
        #expect(response.hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(response.range(of: "Date: ") != nil)
      }
    }
  }

  @Test func pipelinedRequestsAreAnsweredInOrder() async throws {
    try await withServer(echoRouter()) { server in
      let count = 200
      let requests = (0..<count).map { index in
        index % 2 == 0
          ? "GET /hello/\(index) HTTP/1.1\r\nHost: x\r\n\r\n"
          : "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nbody\(index % 10)"
      }
      let last = "GET /hello/last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
      let all = try await exchange(server, requests.joined() + last)
      let answers = all.split(separator: "\r\n\r\n").dropFirst().map { $0.prefix { $0 != "H" } }
      #expect(answers.count == count + 1)
      for index in 0..<count {
        #expect(answers[index] == (index % 2 == 0 ? "hello \(index)" : "body\(index % 10)"))
      }
      #expect(answers.last == "hello last")
    }
  }

  @Test func aRequestInSingleBytesIsStillOne() async throws {
    try await withServer(echoRouter()) { server in
      let socket = try RawSocket(port: server.port)
      for byte in Array("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc".utf8) {
        await socket.send([byte])
      }
      #expect(try await socket.receive(until: "abc").hasPrefix("HTTP/1.1 200"))
    }
  }

  @Test(arguments: [
    ("GET /nothing HTTP/1.1\r\nHost: x\r\n", 404, ""),
    ("DELETE /echo HTTP/1.1\r\nHost: x\r\n", 405, "Allow: POST\r\n"),
    ("GET /refuse HTTP/1.1\r\nHost: x\r\n", 409, "X-Why: because\r\n"),
    ("GET /fail HTTP/1.1\r\nHost: x\r\n", 500, ""),
    ("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n", 413, ""),
    ("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZ\r\n", 400, ""),
    ("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n", 400, ""),
    ("GET / HTTP/3.0\r\nHost: x\r\n", 505, ""),
  ])
  func refusalsAreProblems(request: String, code: Int, field: String) async throws {
    try await withServer(echoRouter()) { server in
      let response = try await exchange(server, request + "Connection: close\r\n\r\n")
      #expect(status(response) == code)
      #expect(response.range(of: "Content-Type: application/problem+json\r\n") != nil)
      #expect(field.isEmpty || response.range(of: field) != nil)
      #expect(response.range(of: "secret") == nil)
      let problem = try JSONValue.parse(Array(body(response).utf8))
      #expect(problem["status"] == .integer(Int64(code)))
    }
  }

  @Test func failuresAreLoggedWithTheirRoute() async throws {
    let sink = CapturingSink()
    try await withServer(echoRouter(), logger: Logger(label: "test", sink: sink)) { server in
      _ = try await exchange(server, "GET /fail HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    }
    #expect(sink.lines.contains { $0.contains("Request failed") && $0.contains("secret") && $0.contains("/fail") })
  }

  @Test func headHasTheHeaderOfGetAndNoBody() async throws {
    try await withServer(echoRouter()) { server in
      let response = try await exchange(server, "HEAD /hello/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
      #expect(response.range(of: "Content-Length: 7\r\n") != nil)
      #expect(body(response) == "")
    }
  }

  @Test func http10GetsItsConnectionClosed() async throws {
    try await withServer(echoRouter()) { server in
      let response = try await exchange(server, "GET /hello/x HTTP/1.0\r\n\r\n")
      #expect(body(response) == "hello x")
      #expect(response.range(of: "Connection: close\r\n") != nil)
    }
  }

  @Test func halfClosedClientsGetTheirAnswer() async throws {
    try await withServer(echoRouter()) { server in
      let socket = try RawSocket(port: server.port)
      await socket.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc")
      socket.finishWriting()
      let answer = try await socket.receiveAll()
      #expect(body(answer) == "abc")
    }
  }

  @Test func aBodyCutShortIsNoBody() async throws {
    try await withServer(echoRouter()) { server in
      let socket = try RawSocket(port: server.port)
      await socket.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 30\r\n\r\nabc")
      socket.finishWriting()
      let answer = try await socket.receiveAll()
      #expect(status(answer) == 400)
    }
  }

  @Test func anUnreadBodyIsSkipped() async throws {
    try await withServer(echoRouter()) { server in
      let socket = try RawSocket(port: server.port)
      await socket.send("POST /ignore HTTP/1.1\r\nHost: x\r\nContent-Length: 30000\r\n\r\n")
      _ = try await socket.receive(until: "ignored")
      await socket.send([UInt8](repeating: 65, count: 30_000))
      await socket.send("GET /hello/again HTTP/1.1\r\nHost: x\r\n\r\n")
      #expect(try await socket.receive(until: "hello again").hasPrefix("HTTP/1.1 200"))
    }
  }

  @Test func anUnreadBodyTooLargeToSkipEndsTheConnectionButNotTheAnswer() async throws {
    try await withServer(echoRouter()) { server in
      let socket = try RawSocket(port: server.port)
      await socket.send("POST /ignore HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n")
      await socket.send([UInt8](repeating: 65, count: 500_000))
      let response = try await socket.receive(until: "ignored")
      #expect(response.range(of: "Connection: close") != nil)
    }
  }

  @Test func expectationsAreMetWhenTheBodyIsWanted() async throws {
    try await withServer(echoRouter()) { server in
      let socket = try RawSocket(port: server.port)
      await socket.send("POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
      #expect(try await socket.receive(until: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
      await socket.send("abc")
      #expect(try await socket.receive(until: "abc").hasPrefix("HTTP/1.1 200"))

      let unwanted = try RawSocket(port: server.port)
      await unwanted.send("POST /ignore HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
      unwanted.finishWriting()
      #expect(try await unwanted.receiveAll().hasPrefix("HTTP/1.1 200"))
    }
  }

  @Test func connectionsOverTheLimitGet503() async throws {
    var limits = HTTPLimits()
    limits.connections = 1
    let metrics = MetricsRegistry()
    try await withServer(echoRouter(), limits: limits, metrics: metrics) { server in
      let first = try RawSocket(port: server.port)
      await first.send("GET /hello/x HTTP/1.1\r\nHost: x\r\n\r\n")
      _ = try await first.receive(until: "hello x")
      let second = try RawSocket(port: server.port)
      let answer = try await second.receiveAll()
      #expect(status(answer) == 503)
      await first.send("GET /hello/y HTTP/1.1\r\nHost: x\r\n\r\n")
      _ = try await first.receive(until: "hello y")
    }
    #expect(metrics.render().range(of: "ringmaster_http_server_connections_refused_total{server=\"http\"} 1") != nil)
  }

  @Test func requestsAreCountedByRouteAndStatus() async throws {
    let metrics = MetricsRegistry()
    try await withServer(echoRouter(), metrics: metrics) { server in
      for path in ["/hello/a", "/hello/b", "/nothing"] {
        _ = try await exchange(server, "GET \(path) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
      }
    }
    let text = metrics.render()
    let found = "http_server_requests_total{server=\"http\",method=\"GET\",route=\"/hello/{name}\",status=\"200\"} 2"
    #expect(text.range(of: found) != nil)
    #expect(text.range(of: "route=\"\",status=\"404\"} 1") != nil)
  }

  @Test func theTraceOfARequestIsCurrentInItsHandler() async throws {
    let seen = Mutex<String?>(nil)
    var router = Router()
    router.on(.get, "/") { _ in
      seen.withLock { $0 = TraceIdentity.current?.traceID }
      return .empty()
    }
    try await withServer(router) { server in
      _ = try await exchange(
        server,
        "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
          + "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n\r\n")
    }
    #expect(seen.withLock { $0 } == "0af7651916cd43dd8448eb211c80319c")
  }

  @Test func aPortInUseIsSaid() throws {
    func server(_ port: Int) -> HTTPServer {
      HTTPServer(
        address: "http://127.0.0.1:\(port)", router: Router(), logger: .discarding, metrics: MetricsRegistry())
    }
    let first = server(0)
    try first.listen()
    #expect { try server(first.port).listen() } throws: { ($0 as? NngError)?.code == .addressInUse }
  }
}
