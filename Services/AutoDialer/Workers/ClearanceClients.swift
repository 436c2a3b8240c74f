import Configuration
import Core
import Crypto
import HTTP
import JSON

/// Asks a do-not-call register about numbers.
struct WashClient: Sendable {
  /// Numbers of one request.
  static let batch = 1_000

  let http: HTTPClient
  let url: String
  let key: Secret?
  var timeout = Duration.seconds(20)

  enum Result: Sendable {
    case verdicts([String: Clearance.Verdict])
    case failed(String)
  }

  func ask(_ numbers: [String]) async -> Result {
    var request = HTTPClientRequest.json(url: url, ["numbers": .array(numbers.map { .string($0) })])
    if let key { request.headers["Authorization"] = "Bearer \(key.value)" }
    request.timeout = timeout
    do {
      let response = try await http.send(request)
      guard response.status.isSuccess else { return .failed("the register answered \(response.status.code)") }
      guard let verdicts = try? WashAnswer.verdicts(response.body) else {
        return .failed("the register answered something that cannot be read")
      }
      return .verdicts(verdicts)
    } catch {
      return .failed(reason(of: error))
    }
  }
}

/// Asks a campaign's own system whether a lead may be called. The question is signed, so that the system can be sure who
/// asks and when: `X-Ringmaster-Signature: sha256=` and the hexadecimal HMAC-SHA-256 of the text
/// "`X-Ringmaster-Timestamp`.body".
struct EligibilityClient: Sendable {
  let http: HTTPClient
  let secret: Secret
  /// It is asked while a lead waits.
  var timeout = Duration.seconds(2)

  enum Result: Sendable {
    case answer(EligibilityAnswer)
    case failed(String)
  }

  /// - Parameter shortest: What an answer is good for at least.
  func ask(_ question: DialStore.ClearanceQuestion, now: Instant, shortest: Duration) async -> Result {
    var request = HTTPClientRequest.json(
      url: question.key.url,
      [
        "tenant_id": .string(question.tenant.description), "campaign_id": .string(question.campaign.description),
        "lead_id": .string(question.lead.description), "phone": .string(question.number),
      ])
    request.timeout = timeout
    let timestamp = String(now.microsecondsSince1970 / 1_000_000)
    request.headers["X-Ringmaster-Timestamp"] = timestamp
    request.headers["X-Ringmaster-Signature"] = Self.signature(timestamp, request.body, secret: secret)
    do {
      let response = try await http.send(request)
      guard response.status.isSuccess else { return .failed("it answered \(response.status.code)") }
      guard let answer = EligibilityAnswer(response.body, shortest: shortest) else {
        return .failed("it answered neither yes nor no")
      }
      return .answer(answer)
    } catch {
      return .failed(reason(of: error))
    }
  }

  static func signature(_ timestamp: String, _ body: [UInt8], secret: Secret) -> String {
    let code = HMAC.sha256(key: Array(secret.value.utf8), data: Array("\(timestamp).".utf8) + body)
    return "sha256=" + Hex.encode(code)
  }
}

/// For people, without addresses: these may hold keys.
private func reason(of error: any Error) -> String {
  (error as? HTTPClientError).map { "no answer: \($0.code)" } ?? "no answer"
}
