import Configuration
import Core
import Crypto
import HTTP

/// Tells requests of Twilio from those of anybody else (protocol reference 1.7).
struct TwilioSignature: Sendable {
  enum Algorithm: String, Sendable {
    case sha1 = "HMAC_SHA1"
    case sha256 = "HMAC_SHA256"
  }

  /// A secret of the newer scheme, which requests name by its id.
  struct SharedKey: Sendable {
    var id: String
    var secret: Secret
  }

  static let header = "X-Twilio-Signature"
  static let settingsHeader = "X-Twilio-Webhooks-Signature-Settings"

  private let authToken: Secret
  private let sharedKey: SharedKey?

  init(authToken: Secret, sharedKey: SharedKey?) {
    self.authToken = authToken
    self.sharedKey = sharedKey
  }

  /// Whether a request carries the right signature. Compares in constant time; has no side effects.
  ///
  /// - Parameters:
  ///   - base: What Twilio was told to call: scheme, host, port. The request's own headers are not asked.
  ///   - form: The body's decoded pairs; nil when the body is no form.
  ///   - body: As it came; looked at only without a form.
  func isValid(_ request: HTTPRequest, base: String, form: [(String, String)]?, body: [UInt8]) -> Bool {
    guard let given = request.headers[Self.header].flatMap({ Base64.decode($0) }), let key = key(request) else {
      return false
    }
    if form == nil, let claimed = request.query["bodySHA256"] {
      guard constantTimeEqual(Array(claimed.utf8), Array(SHA256.hexadecimal(body).utf8)) else { return false }
    }
    // All candidates are tried, so that the time tells nothing.
    var isValid = false
    for url in Self.candidates(base + request.url) {
      let expected = Self.signature(url: url, form: form ?? [], key: key.secret, algorithm: key.algorithm)
      if constantTimeEqual(given, expected) { isValid = true }
    }
    return isValid
  }

  /// What Twilio signs with: the secret that the request names, else the account's token.
  private func key(_ request: HTTPRequest) -> (secret: Secret, algorithm: Algorithm)? {
    guard let settings = request.headers[Self.settingsHeader] else { return (authToken, .sha1) }
    var values: [String: String] = [:]
    for part in settings.split(separator: ",") {
      let pair = part.split(separator: "=", maxSplits: 1).map { $0.filter { $0 != " " } }
      if pair.count == 2 { values[pair[0]] = pair[1] }
    }
    guard let sharedKey, values["key"] == sharedKey.id, let algorithm = values["algorithm"].flatMap(Algorithm.init)
    else {
      return nil
    }
    return (sharedKey.secret, algorithm)
  }

  /// The URL with its parameters, sorted, each value of a name once.
  static func text(url: String, form: [(String, String)]) -> String {
    var values: [String: Set<String>] = [:]
    for (name, value) in form { values[name, default: []].insert(value) }
    var text = url
    for name in values.keys.sorted(by: precedes) {
      for value in (values[name] ?? []).sorted(by: precedes) { text += name + value }
    }
    return text
  }

  static func signature(url: String, form: [(String, String)], key: Secret, algorithm: Algorithm) -> [UInt8] {
    let data = Array(text(url: url, form: form).utf8)
    switch algorithm {
    case .sha1: return HMAC.sha1(key: Array(key.value.utf8), data: data)
    case .sha256: return HMAC.sha256(key: Array(key.value.utf8), data: data)
    }
  }

  /// The ways in which Twilio may have written the URL: with and without the port that goes without saying, and a
  /// socket's address also as `https`.
  static func candidates(_ url: String) -> [String] {
    guard let schemeEnd = url.firstRange(of: "://") else { return [url] }
    let scheme = url[..<schemeEnd.lowerBound]
    let rest = url[schemeEnd.upperBound...]
    let hostEnd = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
    let (host, path) = (rest[..<hostEnd], rest[hostEnd...])
    let isSecure = scheme == "https" || scheme == "wss"
    let defaultPort = isSecure ? ":443" : ":80"
    var hosts = [String(host)]
    if host.hasSuffix(defaultPort) {
      hosts.append(String(host.dropLast(defaultPort.count)))
    } else if !host.drop(while: { $0 != "]" }).contains(":"), !host.contains(":") || host.hasPrefix("[") {
      hosts.append(host + defaultPort)
    }
    var schemes = [String(scheme)]
    if scheme == "wss" { schemes.append("https") }
    if scheme == "ws" { schemes.append("http") }
    return schemes.flatMap { scheme in hosts.map { "\(scheme)://\($0)\(path)" } }
  }

  /// Order of bytes, not of characters.
  private static func precedes(_ left: String, _ right: String) -> Bool {
    left.utf8.lexicographicallyPrecedes(right.utf8)
  }
}
