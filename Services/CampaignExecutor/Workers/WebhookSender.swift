import Core
import HTTP
import Lifecycle
import Logging
import Metrics
import Synchronization

/// Sends webhooks. Each endpoint is one instance's at a time, and gets its messages one by one in their order: the next only
/// when the one before it was acknowledged. What is sent and not acknowledged, for whatever reason, is sent again.
final class WebhookSender: LifecycleService {
  let name = "webhook-sender"
  private let store: WebhookStore
  private let http: HTTPClient
  private let wallClock: any BusinessClock
  private let clock: any BusinessClock
  private let logger: Logger
  private let sent: Counter
  private let owner = UniqueID.random()
  private let draining = Mutex(false)
  /// Endpoints that are sent to now.
  private let sending = Mutex(0)

  /// Endpoints sent to at a time, so that some slow receivers do not hold up the others.
  private static let most = 32
  /// Messages to one endpoint before another has its turn.
  private static let turn = 100
  /// A message's, well below the lease.
  private static let timeout = Duration.seconds(15)
  private static let lease = Duration.seconds(60)
  private static let pause = Duration.milliseconds(250)
  private static let failurePause = Duration.seconds(1)
  /// How long acknowledged messages can be replayed.
  private static let retention = Duration.days(30)
  private static let forgetting = 1000
  /// Looks without work between those at old messages.
  private static let looksToForget = 1000
  private static let longestError = 300

  /// A receiver has little to say; what is longer was not meant for us.
  static var httpOptions: HTTPClient.Options {
    var options = HTTPClient.Options()
    options.responseBytes = 1 << 20
    options.userAgent = "ringmaster-webhooks"
    return options
  }

  /// - Parameters:
  ///   - wallClock: Real time, for retries and signatures.
  ///   - clock: Business time, for what people are told.
  init(
    store: WebhookStore, http: HTTPClient, wallClock: any BusinessClock, clock: any BusinessClock, logger: Logger,
    metrics: MetricsRegistry
  ) {
    self.store = store
    self.http = http
    self.wallClock = wallClock
    self.clock = clock
    self.logger = logger
    sent = metrics.counter("webhook_messages_total", "Attempts at sending a message.", labels: ["result"])
  }

  func run() async throws {
    await withDiscardingTaskGroup { group in
      var looks = 0
      while isOpen {
        var pause = Self.pause
        do {
          if let endpoint = try await claim() {
            sending.withLock { $0 += 1 }
            group.addTask { await self.sendAll(to: endpoint) }
            continue
          }
          looks += 1
          if looks % Self.looksToForget == 1 { try await forget() }
        } catch is CancellationError {
          return
        } catch {
          logger.warning("webhooks could not be looked at; trying again", [.error(error)])
          pause = Self.failurePause
        }
        guard (try? await Task.sleep(for: pause)) != nil else { return }
      }
    }
  }

  /// The messages under way are still sent.
  func drain() async { draining.withLock { $0 = true } }

  private var isOpen: Bool { !Task.isCancelled && !draining.withLock { $0 } }

  /// An endpoint to send to, as far as there is room for one more.
  private func claim() async throws -> WebhookStore.Claimed? {
    guard sending.withLock({ $0 < Self.most }) else { return nil }
    return try await store.claim(owner: owner, lease: Self.lease, now: wallClock.now())
  }

  private func sendAll(to endpoint: WebhookStore.Claimed) async {
    defer { sending.withLock { $0 -= 1 } }
    do {
      try await send(to: endpoint)
    } catch is CancellationError {
      return  // Its lease runs out, and what was not acknowledged is sent again.
    } catch {
      logger.warning(
        "a webhook could not be sent to; trying again", [LogField("endpoint_id", endpoint.id), .error(error)])
    }
  }

  /// Sends what waits for one endpoint. Answers whether there was one.
  func sendTurn() async throws -> Bool {
    guard let endpoint = try await claim() else { return false }
    try await send(to: endpoint)
    return true
  }

  /// Sends what waits for an endpoint, for one turn.
  private func send(to claimed: WebhookStore.Claimed) async throws {
    var endpoint = claimed
    for message in try await store.waiting(for: endpoint, limit: Self.turn) {
      guard isOpen else { break }
      // The messages of an endpoint have no gaps; one that is not the next was claimed before a replay.
      guard message.sequence == endpoint.acknowledged + 1 else { break }
      if let error = await attempt(message, to: endpoint) {
        sent.increment("failed")
        return try await fail(endpoint, error)
      }
      sent.increment("acknowledged")
      guard try await store.acknowledged(message.sequence, of: endpoint, owner: owner, lease: Self.lease) else {
        return
      }
      endpoint.acknowledged = message.sequence
      endpoint.attempts = 0
      endpoint.failingSince = nil
    }
    try await store.release(endpoint, owner: owner, at: wallClock.now())
  }

  /// Nil when the message was acknowledged, which is any status of 2xx; what went wrong otherwise.
  private func attempt(_ message: WebhookStore.Message, to endpoint: WebhookStore.Claimed) async -> String? {
    let timestamp = wallClock.now().microsecondsSince1970 / 1_000_000
    var request = HTTPClientRequest(method: .post, url: endpoint.url, body: message.body, timeout: Self.timeout)
    request.headers["Content-Type"] = "application/json"
    request.headers["webhook-id"] = message.id.description
    request.headers["webhook-timestamp"] = String(timestamp)
    request.headers["webhook-sequence"] = String(message.sequence)
    request.headers["webhook-signature"] = WebhookSignature.header(
      secret: endpoint.secret, messageID: message.id.description, timestamp: timestamp, body: message.body)
    do {
      let response = try await http.send(request)
      return response.status.isSuccess ? nil : "the receiver answered \(response.status)"
    } catch {
      return String("\(error)".prefix(Self.longestError))
    }
  }

  private func fail(_ endpoint: WebhookStore.Claimed, _ error: String) async throws {
    let now = wallClock.now()
    // Stopped in the middle of it: no fault of the receiver's.
    guard isOpen else { return try await store.release(endpoint, owner: owner, at: now) }
    var generator = SystemRandomNumberGenerator()
    let verdict = WebhookSchedule.verdict(
      attempts: endpoint.attempts + 1, failingSince: endpoint.failingSince ?? now, now: now, using: &generator)
    logger.info(
      verdict == .suspend ? "a webhook is suspended" : "a webhook's message was not acknowledged",
      [
        LogField("endpoint_id", endpoint.id), LogField("sequence", endpoint.acknowledged + 1),
        LogField("detail", error),
      ])
    try await store.failed(
      endpoint, owner: owner, error: error, verdict: verdict, now: now, businessNow: clock.now())
  }

  private func forget() async throws {
    while try await store.forget(before: wallClock.now() - Self.retention, limit: Self.forgetting) == Self.forgetting {}
  }
}
