import Configuration
import Core
import Crypto

/// `X-Twilio-Signature`: base 64 of HMAC-SHA1, keyed with the account's token, of the URL and the sorted parameters.
///
/// Source: Twilio, "Webhooks security" and `RequestValidator` of its Python SDK 9.13.
enum TwilioSignature {
  /// - Parameters:
  ///   - url: As it is called, without its fragment.
  ///   - parameters: Of the form; empty for a GET request or a WebSocket.
  static func sign(url: String, parameters: [(String, String)], token: Secret) -> String {
    var data = Array(url.prefix { $0 != "#" }.utf8)
    var values: [String: Set<String>] = [:]
    for (name, value) in parameters { values[name, default: []].insert(value) }
    for name in values.keys.sorted(by: byteOrder) {
      for value in (values[name] ?? []).sorted(by: byteOrder) {
        data.append(contentsOf: name.utf8)
        data.append(contentsOf: value.utf8)
      }
    }
    return Base64.encode(HMAC.sha1(key: Array(token.value.utf8), data: data))
  }

  private static func byteOrder(_ left: String, _ right: String) -> Bool {
    left.utf8.lexicographicallyPrecedes(right.utf8)
  }
}
