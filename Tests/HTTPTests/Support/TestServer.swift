import Glibc
import HTTP
import Logging
import Metrics

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

/// Resident memory of this process, in bytes.
func residentBytes() -> Int {
  guard let file = fopen("/proc/self/statm", "r") else { return 0 }
  defer { fclose(file) }
  var line = [CChar](repeating: 0, count: 256)
  guard fgets(&line, 256, file) != nil else { return 0 }
  let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 4096
}
