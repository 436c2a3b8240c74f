import Core
import Logging
import Nng
import Synchronization
import Tracing

/// One accepted connection: reads requests one after the other and answers each before it looks at the next.
final class Connection: @unchecked Sendable {
  // Everything mutable belongs to the task that runs `serve`; while a handler reads its body it belongs to that
  // reader, of which `RequestBody` lets in one at a time.

  private enum Phase: UInt8, AtomicRepresentable {
    case busy
    /// Waiting for a request's first byte.
    case idle
    /// Closed by the drain while idle.
    case closed
  }

  let stream: Nng.Stream
  let core: ServerCore
  let buffer = ReadBuffer(capacity: 4096)
  /// Reused for each response's head.
  var output: [UInt8] = []

  private var parser: RequestHeadParser
  private var served = 0
  private let phase = Atomic<Phase>(.busy)

  init(_ stream: Nng.Stream, _ core: ServerCore) {
    self.stream = stream
    self.core = core
    parser = RequestHeadParser(limits: core.limits)
  }

  /// Serves the connection to its end and closes it.
  func serve() async {
    defer { stream.close() }
    do {
      while let head = try await nextHead() {
        served += 1
        guard try await answer(head) else { break }
      }
    } catch let error as ParseError {
      core.metrics.unmatched.record(error.status, .zero)
      try? await sendLast(HTTPError(error.status, error.detail).response)
    } catch {
      // The client has gone, or its time is up: nobody is left to tell.
    }
  }

  /// Closes the connection if it waits for a request.
  func closeIfIdle() {
    if phase.compareExchange(expected: .idle, desired: .closed, ordering: .acquiringAndReleasing).exchanged {
      stream.close()
    }
  }

  /// Answers a connection too many, without waiting.
  func refuseAsFull() {
    let error = HTTPError(
      .serviceUnavailable, "This server has as many connections as it takes.", headers: ["Retry-After": "1"])
    let response = error.response
    writeHead(response, body: .length(response.byteCount ?? 0), keepsAlive: false, isVersion11: true)
    if case .bytes(let bytes) = response.body {
      output.append(contentsOf: bytes)
    }
    _ = output.withUnsafeBytes { bytes in try? stream.writeNow(bytes) }
    stream.close()
  }

  // MARK: Reading

  /// The next request's head; nil when the client has ended the connection between requests, has been idle for too
  /// long, or the server drains.
  private func nextHead() async throws -> RequestHead? {
    var deadline: ContinuousClock.Instant?
    while true {
      if !buffer.isEmpty {
        switch try parser.parse(buffer.readable) {
        case .complete(let head, let consumed):
          buffer.consume(consumed)
          return head
        case .needsMore(let consumed):
          buffer.consume(consumed)
        }
      }
      if buffer.isEmpty && parser.isAtStart {
        guard try await waitForFirstByte() else { return nil }
        continue
      }
      let now = ContinuousClock.now
      let end = deadline ?? now + core.limits.headerTimeout
      deadline = end
      guard now < end, try await readMore(timeout: end - now) else {
        throw ParseError(.requestTimeout, "The request's header did not come in time, or not to its end.")
      }
    }
  }

  private func waitForFirstByte() async throws -> Bool {
    phase.store(.idle, ordering: .sequentiallyConsistent)
    if core.isDraining {
      return false
    }
    let isOpen = try await readMore(timeout: served == 0 ? core.limits.headerTimeout : core.limits.idleTimeout)
    let isMine = phase.compareExchange(expected: .idle, desired: .busy, ordering: .acquiringAndReleasing).exchanged
    return isOpen && isMine
  }

  /// - Returns: False at the end of the client's bytes, or when time is up.
  private func readMore(timeout: Duration) async throws -> Bool {
    do {
      let count = try await stream.read(into: buffer.space(atLeast: 2048), timeout: timeout)
      buffer.commit(count)
      return count > 0
    } catch let error where error.code == .timedOut {
      return false
    }
  }

  /// Reads more of a body; throws when the client ends the connection or makes no progress.
  ///
  /// Not inlined: the optimizer of Swift 6.3.1 crashes on an async function with this in its loop.
  @inline(never)
  func readBody(atLeast room: Int) async throws {
    let count = try await stream.read(into: buffer.space(atLeast: room), timeout: core.limits.progressTimeout)
    buffer.commit(count)
    if count == 0 {
      throw NngError(.connectionShut, "the client ended the connection inside a body")
    }
  }

  func sendContinue() async throws {
    try await stream.write(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8), timeout: core.limits.progressTimeout)
  }

  // MARK: Answering

  /// - Returns: Whether the connection takes another request.
  private func answer(_ head: RequestHead) async throws -> Bool {
    let started = ContinuousClock.now
    let rawPath = HTTPRequest.rawPath(of: head.url)
    let matched = core.router.match(head.method, rawPath: rawPath)
    guard case .found(let index, let parameters) = matched else {
      let response = Self.refusal(matched, head)
      core.metrics.unmatched.record(response.status, .zero)
      return try await finish(head, response, body: body(of: head, limit: core.limits.bodyBytes).source)
    }
    let route = core.router.routes[index]
    let limit = route.bodyBytes ?? core.limits.bodyBytes
    if case .length(let length) = head.body, length > limit {
      core.metrics.routes[index].record(.contentTooLarge, .zero)
      try await sendLast(HTTPError(.contentTooLarge, "The body is larger than \(limit) bytes.").response)
      return false
    }
    let (body, source) = body(of: head, limit: limit)
    let request = HTTPRequest(
      head: head, rawPath: rawPath, parameters: parameters, remoteAddress: stream.remoteAddress, body: body)
    switch route.action {
    case .respond(let handler):
      let response = await respond(to: request, route, handler)
      let keepsAlive = try await finish(head, response, body: source)
      core.metrics.routes[index].record(response.status, started.duration(to: .now))
      return keepsAlive
    case .webSocket(let webSocket):
      return try await upgrade(request, head, route, webSocket, core.metrics.routes[index])
    }
  }

  /// The body, and where it comes from unless all of it is here already.
  private func body(of head: RequestHead, limit: Int) -> (HTTPBody, source: RequestBody?) {
    switch head.body {
    case .none:
      return (HTTPBody([], limit: limit), nil)
    case .length(let length) where length <= min(buffer.count, limit):
      return (HTTPBody(buffer.take(length), limit: limit), nil)
    case .length(let length):
      let source = RequestBody(head, limit: limit, connection: self)
      return (HTTPBody(.arriving(source, length: length), limit: limit), source)
    case .chunked:
      let source = RequestBody(head, limit: limit, connection: self)
      return (HTTPBody(.arriving(source, length: nil), limit: limit), source)
    }
  }

  /// Runs a handler, in the request's trace, and turns what it throws into a response.
  private func respond(to request: HTTPRequest, _ route: Router.Route, _ handler: Router.Handler) async -> HTTPResponse
  {
    let parent = request.headers["traceparent"].flatMap {
      TraceContext(traceparent: $0, tracestate: request.headers["tracestate"])
    }
    guard let tracer = core.tracer else {
      guard let parent else { return await call(handler, request, route) }
      return await parent.child().withCurrent { await call(handler, request, route) }
    }
    return await tracer.span(
      "\(request.method) \(route.pattern)", kind: .server, parent: parent,
      attributes: ["http.request.method": .string(request.method.rawValue), "http.route": .string(route.pattern)]
    ) { span in
      let response = await call(handler, request, route)
      span.setAttribute("http.response.status_code", .integer(Int64(response.status.code)))
      if response.status.code >= 500 {
        span.setStatus(.error(response.status.reason))
      }
      return response
    }
  }

  private func call(_ handler: Router.Handler, _ request: HTTPRequest, _ route: Router.Route) async -> HTTPResponse {
    do {
      return try await handler(request)
    } catch {
      return response(to: error, route)
    }
  }

  /// What a handler's error says to the client: its own words if it is an `HTTPError`, else nothing but a 500.
  func response(to error: any Error, _ route: Router.Route) -> HTTPResponse {
    if let error = error as? HTTPError {
      return error.response
    }
    if Task.isCancelled {
      return HTTPError(.serviceUnavailable, "The server is stopping.", headers: ["Retry-After": "1"]).response
    }
    core.logger.error(
      "Request failed",
      [LogField("method", route.method.rawValue), LogField("route", route.pattern), .error(error)])
    return HTTPError(.internalServerError, "The server failed on this request. The failure has been logged.").response
  }

  private static func refusal(_ match: Router.Match, _ head: RequestHead) -> HTTPResponse {
    guard case .methodNotAllowed(let allowed) = match else {
      return HTTPError(.notFound, "Nothing is here.").response
    }
    let methods = allowed.map(\.rawValue).joined(separator: ", ")
    return HTTPError(.methodNotAllowed, "The methods here are \(methods).", headers: ["Allow": methods]).response
  }
}
