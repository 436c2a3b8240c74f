import Configuration
import Core
import Crypto
import HTTP
import JSON
import Logging
import Metrics
import Synchronization

@testable import AutoDialer
@testable import PhoneNetwork

/// Those who are asked, on real sockets: the phone network's register, and a campaign's own system that does with each
/// lead what its number says.
struct Asked: Sendable {
  static let key = Secret("register-key")
  static let secret = Secret("eligibility-secret")
  static let register = WashAPI(seed: 1, key: key)

  typealias Eligible = @Sendable (JSONValue) async throws -> HTTPResponse

  let url: String
  let http: HTTPClient
  /// What the campaign's system was asked, in order.
  let questions: Questions

  final class Questions: Sendable {
    private let bodies = Mutex<[JSONValue]>([])
    var all: [JSONValue] { bodies.withLock { $0 } }
    func add(_ body: JSONValue) { bodies.withLock { $0.append(body) } }
  }

  var washURL: String { "\(url)/register/wash" }

  /// - Parameters:
  ///   - eligible: Answers a question that was signed rightly.
  ///   - body: Gets the addresses; what is slow ends with it.
  static func with(
    eligible: @escaping Eligible = { _ in .json(["eligible": true]) },
    _ body: @escaping @Sendable (Asked) async throws -> Void
  ) async throws {
    let questions = Questions()
    var router = Router()
    register.register(on: &router)
    router.on(.post, "/broken/{status}") { request in
      .json(["results": [], "eligible": true], status: HTTPStatus(Int(request.parameter("status")) ?? 500))
    }
    router.on(.post, "/garbage") { _ in .text("<html>It works!</html>") }
    router.on(.post, "/huge") { _ in
      .json(["eligible": true, "reason": .string(String(repeating: "x", count: 2 << 20))])
    }
    router.on(.post, "/elsewhere") { _ in .empty(.found, headers: ["Location": "/eligible"]) }
    router.on(.post, "/silent") { _ in
      try await Signals.never()
      return .empty()
    }
    router.on(.post, "/eligible") { request in
      let bytes = try await request.body.collect()
      let timestamp = request.headers["X-Ringmaster-Timestamp"] ?? ""
      let code = HMAC.sha256(key: Array(secret.value.utf8), data: Array("\(timestamp).".utf8) + bytes)
      let expected = "sha256=" + Hex.encode(code)
      guard request.headers["X-Ringmaster-Signature"] == expected else { return .empty(.unauthorized) }
      var question = try JSONValue.parse(bytes).objectValue ?? [:]
      question["timestamp"] = .string(timestamp)
      questions.add(.object(question))
      return try await eligible(.object(question))
    }
    let server = HTTPServer(
      address: "http://127.0.0.1:0", router: router, logger: .discarding, metrics: MetricsRegistry())
    try server.listen()
    let http = HTTPClient(ClearanceWorker.httpOptions)
    defer { http.close() }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try? await server.run() }
      try await body(Asked(url: "http://127.0.0.1:\(server.port)", http: http, questions: questions))
      group.cancelAll()
    }
  }

  /// - Parameter timeout: Long enough for a busy machine, unless the test is about running out of time.
  func worker(
    _ store: DialStore, clock: any BusinessClock, wash path: String? = nil, secret: Secret = Self.secret,
    timeout: Duration = .seconds(60)
  ) -> ClearanceWorker {
    var wash = WashClient(http: http, url: path.map { url + $0 } ?? washURL, key: Self.key)
    var eligibility = EligibilityClient(http: http, secret: secret)
    wash.timeout = timeout
    eligibility.timeout = timeout
    return ClearanceWorker(
      store: store, wash: wash, eligibility: eligibility, clock: clock, logger: .discarding,
      metrics: MetricsRegistry())
  }
}

enum Signals {
  /// Waits until cancelled.
  static func never() async throws {
    await Signal().wait()
    try Task.checkCancellation()
  }
}
