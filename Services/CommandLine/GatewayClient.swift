import Core
import HTTP
import JSON

/// What went wrong, for people, and the exit code that says so.
struct CommandFailure: Error, Sendable, CustomStringConvertible {
  static let refused: Int32 = 1
  static let usage: Int32 = 64
  static let unreachable: Int32 = 69

  var exitCode: Int32
  var description: String
}

/// The gateway's REST API.
struct GatewayClient: Sendable {
  let http: HTTPClient
  let baseURL: String
  var key: String

  func get(_ path: String, query: [(String, String)] = []) async throws -> JSONValue {
    try await send(.get, path, query: query)
  }

  /// Hands on the body of an answer as it comes in.
  func stream(_ path: String, to take: ([UInt8]) throws -> Void) async throws {
    var request = HTTPClientRequest(method: .get, url: baseURL + path, timeout: Self.streamTimeout)
    try authorize(&request)
    do {
      let response = try await http.stream(request)
      guard response.status.isSuccess else {
        let body = try await response.collect(upTo: 1 << 16)
        let detail = (try? JSONValue.parse(body))?["detail"]?.stringValue ?? "it answered \(response.status)"
        throw CommandFailure(exitCode: CommandFailure.refused, description: detail)
      }
      for try await bytes in response { try take(bytes) }
    } catch let error as HTTPClientError {
      throw CommandFailure(
        exitCode: CommandFailure.unreachable,
        description: "the gateway at \(baseURL) cannot be reached, or broke off (\(error.message))")
    }
  }

  private func authorize(_ request: inout HTTPClientRequest) throws {
    guard !key.isEmpty else {
      throw CommandFailure(
        exitCode: CommandFailure.usage,
        description: "there is no API key: set RINGMASTER_API_KEY, or give one with --key KEY; "
          + "`deploy/stack.sh up` prints the key that it lets in")
    }
    request.headers["Authorization"] = "Bearer \(key)"
  }

  private static let streamTimeout = Duration.seconds(3600)

  /// Sends a request and gives the body of its answer.
  ///
  /// - Throws: `CommandFailure` with the service's own words.
  func send(
    _ method: HTTPMethod, _ path: String, query: [(String, String)] = [], body: [UInt8] = [],
    contentType: String = "application/json", timeout: Duration = .seconds(30)
  ) async throws -> JSONValue {
    var url = baseURL + path
    if !query.isEmpty { url += "?" + FormEncoding.encode(query) }
    var request = HTTPClientRequest(method: method, url: url, body: body, timeout: timeout)
    try authorize(&request)
    if !body.isEmpty { request.headers["Content-Type"] = contentType }
    let response: HTTPClientResponse
    do {
      response = try await http.send(request)
    } catch let error as HTTPClientError {
      throw CommandFailure(
        exitCode: CommandFailure.unreachable,
        description:
          "the gateway at \(baseURL) cannot be reached (\(error.message)); is it running? "
          + "--gateway or RINGMASTER_GATEWAY_URL says where it is")
    }
    let answer = response.body.isEmpty ? JSONValue.null : try? response.json()
    guard response.status.isSuccess else {
      let detail = answer?["detail"]?.stringValue ?? "it answered \(response.status)"
      throw CommandFailure(exitCode: CommandFailure.refused, description: detail)
    }
    guard let answer else {
      throw CommandFailure(
        exitCode: CommandFailure.refused, description: "\(baseURL) answered something that is no JSON; is it a gateway?"
      )
    }
    return answer
  }
}
