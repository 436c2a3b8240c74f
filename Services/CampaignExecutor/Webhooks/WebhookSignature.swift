import Core
import Crypto

/// Signs messages as Standard Webhooks does: HMAC-SHA256 over "id.timestamp.body", so that a receiver knows who sent a
/// message, that it is whole, and that it is not an old one played again.
enum WebhookSignature {
  static let secretBytes = 32

  /// A secret as its owner sees it.
  static func text(ofSecret secret: [UInt8]) -> String { "whsec_" + Base64.encode(secret) }

  /// The value of the header `webhook-signature`.
  ///
  /// - Parameter timestamp: Seconds since 1970 at which this attempt is made, by the wall clock.
  static func header(secret: [UInt8], messageID: String, timestamp: Int64, body: [UInt8]) -> String {
    let signed = Array("\(messageID).\(timestamp).".utf8) + body
    return "v1," + Base64.encode(HMAC.sha256(key: secret, data: signed))
  }
}
