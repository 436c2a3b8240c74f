import Configuration
import Core
import HTTP
import JSON
import Lifecycle
import Logging
import Metrics
import Testing

@testable import PhoneNetwork

/// The phone network on a free port with a fast clock, and a client for its API.
struct TestNetwork: Sendable {
  static let account = Account(
    sid: "AC00000000000000000000000000000001", token: Secret("12345678901234567890123456789012"))
  static let key = Secret("test-key")

  let application: PhoneNetworkApplication
  let client: HTTPClient
  let clock: any BusinessClock

  var url: String { "http://127.0.0.1:\(application.port)" }
  var calls: String { "\(url)/2010-04-01/Accounts/\(Self.account.sid)/Calls" }

  /// Runs `body` against a network of its own.
  ///
  /// - Parameter endings: What becomes of every attempt.
  static func with(
    _ endings: [Population.Ending: Double], seed: UInt64 = 1, scale: Double = 25, misbehavior: String = "",
    _ body: (TestNetwork) async throws -> Void
  ) async throws {
    let clock = ScaledClock(
      scale: scale, businessOrigin: Instant(microsecondsSince1970: 1_772_442_000_000_000), realOrigin: .wallClock())
    let application = PhoneNetworkApplication(
      PhoneNetworkConfiguration(
        listen: "http://127.0.0.1:0", seed: seed, account: account, openAIKey: key, washKey: key,
        population: Population(weights: endings), misbehavior: try #require(Misbehavior(misbehavior))),
      clock: clock, logger: .discarding, metrics: MetricsRegistry())
    try application.listen()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for service in application.services { group.addTask { try? await service.run() } }
      try await body(TestNetwork(application: application, client: HTTPClient(), clock: clock))
      group.cancelAll()
    }
  }

  func request(
    _ method: HTTPMethod, _ url: String, _ form: [(String, String)] = [], token: Secret = account.token
  ) async throws -> (status: Int, body: JSONValue) {
    var request =
      method == .post ? HTTPClientRequest.form(url: url, form) : HTTPClientRequest(method: method, url: url)
    request.basicAuthentication = .init(user: Self.account.sid, password: token.value)
    let response = try await client.send(request)
    return (Int(response.status.code), try response.json())
  }

  func place(_ form: [(String, String)]) async throws -> String {
    let (status, body) = try await request(.post, "\(calls).json", form)
    guard status == 201, let sid = body["sid"]?.stringValue else { throw Refused(body: body) }
    return sid
  }

  func truth(_ path: String) async throws -> JSONValue {
    try await client.send(HTTPClientRequest(url: "\(url)/truth/\(path)")).json()
  }

  struct Refused: Error {
    var body: JSONValue
  }
}
