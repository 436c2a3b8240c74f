import Configuration
import Core
import HTTP
import Logging
import Metrics

/// Calls the caller's server as Twilio does: forms, signed with the account's token, again once when no connection could
/// be made (`rc=1`, `rp=ct`, the documented defaults).
struct WebhookSender: Sendable {
  /// How long Twilio waits for an answer, by the wall clock.
  private static let timeout = Duration.seconds(15)

  private let client: HTTPClient
  private let token: Secret
  private let logger: Logger
  private let sent: Counter

  init(client: HTTPClient, token: Secret, logger: Logger, metrics: MetricsRegistry) {
    self.client = client
    self.token = token
    self.logger = logger
    sent = metrics.counter(
      "phone_network_webhooks_total", "Webhooks sent to the caller's server", labels: ["result"])
  }

  /// Sends one webhook; nil when the other end did not answer with a 2xx.
  func send(_ webhook: Webhook) async -> HTTPClientResponse? {
    for attempt in 1...2 {
      do {
        let response = try await client.send(request(webhook))
        let isGood = (200..<300).contains(response.status.code)
        sent.increment(isGood ? "ok" : "refused")
        if !isGood { logger.warning("webhook refused", [LogField("status", Int(response.status.code))]) }
        return isGood ? response : nil
      } catch let error as HTTPClientError where attempt == 1 && error.code == .connect {
        continue
      } catch {
        sent.increment("failed")
        logger.warning("webhook failed", [.error(error)])
        return nil
      }
    }
    return nil
  }

  /// The signature of a WebSocket's upgrade request.
  func signature(url: String) -> String { TwilioSignature.sign(url: url, parameters: [], token: token) }

  /// Fetches what a `<Play>` names.
  func fetch(_ url: String) async -> HTTPClientResponse? {
    let response = try? await client.send(HTTPClientRequest(url: url, timeout: Self.timeout))
    return response.flatMap { (200..<300).contains($0.status.code) ? $0 : nil }
  }

  private func request(_ webhook: Webhook) -> HTTPClientRequest {
    var url = String(webhook.target.url.prefix { $0 != "#" })
    var request: HTTPClientRequest
    if webhook.target.isPost {
      request = .form(url: url, webhook.form)
      request.headers["X-Twilio-Signature"] = TwilioSignature.sign(url: url, parameters: webhook.form, token: token)
    } else {
      url += (url.contains("?") ? "&" : "?") + FormEncoding.encode(webhook.form)
      request = HTTPClientRequest(url: url)
      request.headers["X-Twilio-Signature"] = signature(url: url)
    }
    request.headers["User-Agent"] = "TwilioProxy/1.1"
    request.timeout = Self.timeout
    return request
  }
}
