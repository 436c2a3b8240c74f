import Core
import Crypto
import HTTP
import JSON
import Logging
import Metrics
import Synchronization

/// Somebody's server that takes webhooks: real HTTP, answering as the test says.
final class WebhookReceiver: Sendable {
  struct Delivery: Hashable, Sendable {
    var sequence: Int
    var id: String
    var timestamp: String
    var signature: String
    var body: [UInt8]

    func isSigned(with secret: String) -> Bool {
      let key = Base64.decode(String(secret.dropFirst("whsec_".count))) ?? []
      let code = HMAC.sha256(key: key, data: Array("\(id).\(timestamp).".utf8) + body)
      return signature == "v1,\(Base64.encode(code))"
    }
  }

  private struct State {
    var deliveries: [Delivery] = []
    var answers: [HTTPStatus] = []
    var isHeld = false
    var held: [CheckedContinuation<Void, Never>] = []
    var watchers: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
  }

  private let state = Mutex(State())

  var deliveries: [Delivery] { state.withLock { $0.deliveries } }

  /// The next answers; 204 when there is none left.
  func answer(_ statuses: HTTPStatus...) { state.withLock { $0.answers += statuses } }

  /// From now on nothing is answered until `release`.
  func hold() { state.withLock { $0.isHeld = true } }

  func release() {
    let held = state.withLock { state in
      defer { state.held = [] }
      state.isHeld = false
      return state.held
    }
    for continuation in held { continuation.resume() }
  }

  /// Returns when there were this many deliveries.
  func wait(for count: Int) async {
    await withCheckedContinuation { continuation in
      let isThere = state.withLock { state in
        if state.deliveries.count >= count { return true }
        state.watchers.append((count, continuation))
        return false
      }
      if isThere { continuation.resume() }
    }
  }

  private func take(_ request: HTTPRequest) async throws -> HTTPResponse {
    let delivery = Delivery(
      sequence: Int(request.headers["webhook-sequence"] ?? "") ?? -1, id: request.headers["webhook-id"] ?? "",
      timestamp: request.headers["webhook-timestamp"] ?? "", signature: request.headers["webhook-signature"] ?? "",
      body: try await request.body.collect(upTo: 1 << 20))
    let (status, watchers) = state.withLock { state in
      state.deliveries.append(delivery)
      let count = state.deliveries.count
      let ready = state.watchers.filter { $0.count <= count }
      state.watchers.removeAll { $0.count <= count }
      return (state.answers.isEmpty ? HTTPStatus(204) : state.answers.removeFirst(), ready)
    }
    for watcher in watchers { watcher.continuation.resume() }
    await withCheckedContinuation { continuation in
      let goesOn = state.withLock { state in
        if state.isHeld { state.held.append(continuation) }
        return !state.isHeld
      }
      if goesOn { continuation.resume() }
    }
    return .empty(status)
  }

  /// Serves on a free port while `body` runs; gives it the address.
  static func with<R: Sendable>(_ body: (WebhookReceiver, String) async throws -> R) async throws -> R {
    let receiver = WebhookReceiver()
    var router = Router()
    router.on(.post, "/hook") { try await receiver.take($0) }
    let server = HTTPServer(
      address: "http://127.0.0.1:0", router: router, logger: .discarding, metrics: MetricsRegistry())
    try server.listen()
    return try await withThrowingTaskGroup { group in
      group.addTask { try await server.run() }
      defer {
        receiver.release()
        group.cancelAll()
      }
      return try await body(receiver, "http://127.0.0.1:\(server.port)/hook")
    }
  }
}
