import Core
import JSON
import Nng
import Synchronization
import Testing

@testable import HTTP

private func url(_ server: HTTPServer, _ path: String = "/") -> String { "http://127.0.0.1:\(server.port)\(path)" }

/// What a request threw.
private func failure(_ client: HTTPClient, _ request: HTTPClientRequest) async -> HTTPClientError? {
  do {
    _ = try await client.send(request)
    return nil
  } catch {
    return error as? HTTPClientError
  }
}

/// A listener whose connections `handle` gets, raw.
private func withRawServer<Result: Sendable>(
  _ handle: @escaping @Sendable (Nng.Stream) async throws -> Void,
  _ body: @escaping @Sendable (Int) async throws -> Result
) async throws -> Result {
  let listener = try StreamListener.make(url: "tcp://127.0.0.1:0")
  try listener.listen()
  let port = try #require(listener.boundPort)
  return try await withThrowingTaskGroup(of: Result?.self) { group in
    group.addTask {
      await withDiscardingTaskGroup { connections in
        while let stream = try? await listener.accept() {
          connections.addTask { try? await handle(stream) }
        }
      }
      return nil
    }
    let result = try await body(port)
    listener.close()
    group.cancelAll()
    try await group.waitForAll()
    return result
  }
}

@Suite struct HTTPClientTests {
  private func router() -> Router {
    var router = Router()
    for method in [HTTPMethod.get, .post, .put, .patch, .delete] {
      router.on(method, "/echo") { request in
        var response = HTTPResponse.bytes(try await request.body.collect())
        response.headers["X-Method"] = request.method.rawValue
        response.headers["X-Type"] = request.headers["content-type"] ?? "none"
        response.headers["X-Authorization"] = request.headers["authorization"] ?? "none"
        response.headers["X-Agent"] = request.headers["user-agent"] ?? "none"
        return response
      }
    }
    router.on(.get, "/status/{code}") { .empty(HTTPStatus(Int($0.parameter("code")) ?? 500)) }
    return router
  }

  @Test func sendsMethodsBodiesAndFields() async throws {
    let client = HTTPClient()
    try await withServer(router()) { server in
      for (method, text) in [
        (HTTPMethod.get, ""), (.post, "abc"), (.put, ""), (.post, ""), (.patch, "x"), (.delete, ""),
      ] {
        let response = try await client.send(
          HTTPClientRequest(
            method: method, url: url(server, "/echo"), body: Array(text.utf8),
            basicAuthentication: .init(user: "AC1", password: "s3:cret")))
        #expect(response.status == .ok)
        #expect(response.headers["x-method"] == method.rawValue)
        #expect(response.headers["x-type"] == "none")
        #expect(response.headers["x-authorization"] == "Basic QUMxOnMzOmNyZXQ=")
        #expect(response.headers["x-agent"] == "ringmaster")
        #expect(response.body == Array(text.utf8))
      }
      let head = try await client.send(HTTPClientRequest(method: .head, url: url(server, "/echo")))
      #expect(head.status == .ok)
      let json = try await client.send(.json(url: url(server, "/echo"), ["a": 1]))
      #expect(json.headers["x-type"] == "application/json")
      #expect(try json.json()["a"] == 1)
      let form = try await client.send(.form(url: url(server, "/echo"), [("a b", "c&d")]))
      #expect(form.body == Array("a+b=c%26d".utf8))
    }
    client.close()
  }

  @Test func anyStatusIsAResponse() async throws {
    let client = HTTPClient()
    try await withServer(router()) { server in
      for code in [204, 302, 404, 503] {
        let response = try await client.send(HTTPClientRequest(url: url(server, "/status/\(code)")))
        #expect(response.status.code == code)
      }
    }
  }

  @Test func manyRequestsShareConnections() async throws {
    var options = HTTPClient.Options()
    options.connectionsPerHost = 4
    let client = HTTPClient(options)
    try await withServer(router()) { server in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for index in 0..<200 {
          group.addTask {
            let response = try await client.send(
              HTTPClientRequest(method: .post, url: url(server, "/echo"), body: Array("\(index)".utf8)))
            #expect(response.body == Array("\(index)".utf8))
          }
        }
        try await group.waitForAll()
      }
    }
  }

  @Test func nothingWasSentWhenNobodyListens() async throws {
    let port = try await withServer(Router()) { $0.port }
    let error = await failure(HTTPClient(), HTTPClientRequest(method: .post, url: "http://127.0.0.1:\(port)/"))
    #expect(error?.code == .connect)
    #expect(error?.requestMayHaveBeenSent == false)
  }

  @Test(arguments: ["ftp://h/", "file:///etc/passwd", "http://h/ x", "nonsense", ""])
  func whatCannotBeSentIsSaid(url: String) async {
    let error = await failure(HTTPClient(), HTTPClientRequest(url: url))
    #expect(error?.code == .invalidRequest)
    #expect(error?.requestMayHaveBeenSent == false)
  }

  @Test func unknownHostsAreToldApart() async {
    let error = await failure(HTTPClient(), HTTPClientRequest(url: "http://no-such-host.invalid/"))
    #expect(error?.code == .resolve)
    #expect(error?.requestMayHaveBeenSent == false)
  }

  @Test func aRequestMayHaveBeenSentWhenTheServerHangsUp() async throws {
    try await withRawServer { stream in
      let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1000, alignment: 1)
      defer { buffer.deallocate() }
      _ = try await stream.read(into: buffer)
      stream.close()
    } _: { port in
      let error = await failure(
        HTTPClient(), HTTPClientRequest(method: .post, url: "http://127.0.0.1:\(port)/", body: [1]))
      #expect(error?.code == .disconnected)
      #expect(error?.requestMayHaveBeenSent == true)
    }
  }

  @Test func timeOutsSayWhetherTheRequestWent() async throws {
    try await withRawServer { _ in
      await Signal().wait()
    } _: { port in
      let error = await failure(
        HTTPClient(), HTTPClientRequest(url: "http://127.0.0.1:\(port)/", timeout: .milliseconds(100)))
      #expect(error?.code == .timedOut)
      #expect(error?.requestMayHaveBeenSent == true)
      // TLS to a server that does not speak it: nothing of the request is out.
      let tls = await failure(
        HTTPClient(), HTTPClientRequest(url: "https://127.0.0.1:\(port)/", timeout: .milliseconds(100)))
      #expect(tls?.requestMayHaveBeenSent == false)
    }
  }

  @Test func plainTextOnATLSPortIsATLSFailure() async throws {
    try await withServer(router()) { server in
      let error = await failure(HTTPClient(), HTTPClientRequest(url: "https://127.0.0.1:\(server.port)/"))
      #expect(error?.code == .tls)
      #expect(error?.requestMayHaveBeenSent == false)
    }
  }

  @Test func cancellationEndsARequest() async throws {
    let entered = Signal()
    let router = stuckRouter(entered)
    var limits = HTTPLimits()
    limits.drainTimeout = .milliseconds(10)
    try await withServer(router, limits: limits) { server in
      let error = await withTaskGroup(of: HTTPClientError?.self) { group in
        group.addTask { await failure(HTTPClient(), HTTPClientRequest(url: url(server))) }
        await entered.wait()
        group.cancelAll()
        return await group.next() ?? nil
      }
      #expect(error?.code == .cancelled)
      #expect(error?.requestMayHaveBeenSent == true)
    }
  }

  @Test func aClosedClientSaysSo() async throws {
    let entered = Signal()
    let router = stuckRouter(entered)
    var limits = HTTPLimits()
    limits.drainTimeout = .milliseconds(10)
    try await withServer(router, limits: limits) { server in
      let client = HTTPClient()
      async let running = failure(client, HTTPClientRequest(url: url(server)))
      await entered.wait()
      client.close()
      #expect(await running?.code == .closed)
      #expect(await failure(client, HTTPClientRequest(url: url(server)))?.code == .closed)
    }
  }

  @Test func responsesHaveALimit() async throws {
    var router = Router()
    router.on(.get, "/") { _ in .bytes([UInt8](repeating: 0, count: 100_000)) }
    var options = HTTPClient.Options()
    options.responseBytes = 99_999
    let client = HTTPClient(options)
    try await withServer(router) { server in
      #expect(await failure(client, HTTPClientRequest(url: url(server)))?.code == .tooLarge)
    }
  }

  // MARK: Streaming

  @Test func streamsArriveAsTheyAreSentAndEnd() async throws {
    let goOn = Signal()
    var router = Router()
    router.on(.get, "/") { _ in
      .stream(contentType: "text/plain") { writer in
        try await writer.write("first")
        await goOn.wait()
        try await writer.write("second")
      }
    }
    try await withServer(router) { server in
      let stream = try await HTTPClient().stream(HTTPClientRequest(url: url(server)))
      #expect(stream.headers["content-type"] == "text/plain")
      var text = ""
      for try await chunk in stream {
        text += String(decoding: chunk, as: UTF8.self)
        goOn.fire()
      }
      #expect(text == "firstsecond")
    }
  }

  @Test func slowReadersHoldTheServerBack() async throws {
    let total = 64 * 1024 * 1024
    let count = Tally()
    var router = Router()
    router.on(.get, "/") { _ in
      .stream(contentType: "text/plain", length: total) { writer in
        for _ in 0..<total / 65_536 {
          try await writer.write([UInt8](repeating: 1, count: 65_536))
          count.add(65_536)
        }
      }
    }
    try await withServer(router) { server in
      let stream = try await HTTPClient().stream(HTTPClientRequest(url: url(server)))
      var received = 0
      var furthestAhead = 0
      for try await chunk in stream {
        received += chunk.count
        furthestAhead = max(furthestAhead, count.value - received)
      }
      #expect(received == total)
      #expect(furthestAhead < total / 2, "\(furthestAhead) bytes ahead")
    }
  }

  @Test func lettingGoOfAStreamEndsIt() async throws {
    let ended = Signal()
    var router = Router()
    router.on(.get, "/") { _ in
      .stream(contentType: "text/plain") { writer in
        defer { ended.fire() }
        while true {
          try await writer.write([UInt8](repeating: 1, count: 65_536))
        }
      }
    }
    try await withServer(router) { server in
      let client = HTTPClient()
      do {
        let stream = try await client.stream(HTTPClientRequest(url: url(server)))
        #expect(stream.status == .ok)
      }
      await ended.wait()
    }
  }

  @Test func aStreamCutShortThrows() async throws {
    var router = Router()
    router.on(.get, "/") { _ in
      .stream(contentType: "text/plain") { writer in
        try await writer.write("part")
        throw SocketFailure(description: "broken")
      }
    }
    try await withServer(router) { server in
      let stream = try await HTTPClient().stream(HTTPClientRequest(url: url(server)))
      do {
        for try await _ in stream {}
        Issue.record("a part was taken for the whole")
      } catch let error as HTTPClientError {
        #expect(error.code == .disconnected)
      }
    }
  }
}

private final class Tally: Sendable {
  private let count = Atomic<Int>(0)
  var value: Int { count.load(ordering: .relaxed) }
  func add(_ amount: Int) { count.add(amount, ordering: .relaxed) }
}
