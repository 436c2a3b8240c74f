import Core
import Glibc
import Logging
import Metrics

@testable import HTTP

/// Runs `body` against a server on a free port, drains the server and waits for its end.
func withServer<Result: Sendable>(
  _ router: Router, limits: HTTPLimits = .standard, metrics: MetricsRegistry = MetricsRegistry(),
  logger: Logger = .discarding, _ body: @escaping @Sendable (HTTPServer) async throws -> Result
) async throws -> Result {
  let server = HTTPServer(
    address: "http://127.0.0.1:0", router: router, limits: limits, logger: logger, metrics: metrics)
  try server.listen()
  return try await withThrowingTaskGroup(of: Result?.self) { group in
    group.addTask {
      try await server.run()
      return nil
    }
    group.addTask {
      do {
        let result = try await body(server)
        await server.drain()
        return result
      } catch {
        await server.drain()
        throw error
      }
    }
    var result: Result?
    while let next = try await group.next() {
      result = next ?? result
    }
    return result!
  }
}

/// Serves `GET /`: fires `entered`, then waits until its task is cancelled.
func stuckRouter(_ entered: Signal) -> Router {
  var router = Router()
  router.on(.get, "/") { _ in
    entered.fire()
    await Signal().wait()
    try Task.checkCancellation()
    return .empty()
  }
  return router
}

/// Sends `request` on a fresh connection and returns everything until the server closes it.
func exchange(_ server: HTTPServer, _ request: String) async throws -> String {
  let socket = try RawSocket(port: server.port)
  await socket.send(request)
  return try await socket.receiveAll()
}

/// The status line's code.
func status(_ response: String) -> Int? {
  response.split(separator: " ").dropFirst().first.flatMap { Int($0) }
}

/// What follows the header.
func body(_ response: String) -> String {
  guard let range = response.range(of: "\r\n\r\n") else { return "" }
  return String(response[range.upperBound...])
}

extension String {
  /// Where `text` first occurs; the standard library alone has no such search.
  func range(of text: String) -> Range<Index>? {
    let bytes = Array(utf8)
    let pattern = Array(text.utf8)
    guard bytes.count >= pattern.count, !pattern.isEmpty else { return nil }
    for start in 0...(bytes.count - pattern.count) where bytes[start..<start + pattern.count].elementsEqual(pattern) {
      return utf8.index(startIndex, offsetBy: start)..<utf8.index(startIndex, offsetBy: start + pattern.count)
    }
    return nil
  }
}
