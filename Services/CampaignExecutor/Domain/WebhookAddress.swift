import Core

/// Where a tenant may have webhooks sent: never into the network that the services run in. Pure.
///
/// Only the address as written is judged. A name may still resolve to an inner address; a network policy has to stop that.
enum WebhookAddress {
  struct Problem: Error, Hashable, Sendable {
    /// What is wrong and what would be right.
    var message: String
  }

  private static let longest = 2000

  /// Throws what is wrong with an address.
  static func check(_ url: String) throws(Problem) {
    guard url.utf8.count <= longest else { throw Problem(message: "at most \(longest) characters are allowed") }
    guard url.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\\") }) else {
      throw Problem(message: "holds a character that no address has; write it percent-encoded")
    }
    let isTLS = url.hasPrefix("https://")
    guard isTLS || url.hasPrefix("http://") else {
      throw Problem(message: "must begin with https:// (http:// on this machine only)")
    }
    let authority = url.dropFirst(isTLS ? 8 : 7).prefix { !"/?#".contains($0) }
    guard !authority.contains("@") else {
      throw Problem(message: "must not hold a user or password; messages are signed instead")
    }
    guard !url.contains("#") else { throw Problem(message: "must not hold a fragment (#)") }
    guard let host = host(of: authority) else { throw Problem(message: "names no host, or no valid port") }
    if isLoopback(host) { return }
    guard isTLS else { throw Problem(message: "must begin with https://; http:// is for this machine only") }
    guard !isInner(host) else {
      throw Problem(message: "\"\(host)\" is an address inside of a network; name a host of the internet")
    }
  }

  /// In lower case, without its port; an IPv6 address keeps its brackets.
  private static func host(of authority: Substring) -> String? {
    let host: Substring
    let rest: Substring
    if authority.hasPrefix("[") {
      guard let end = authority.firstIndex(of: "]") else { return nil }
      host = authority[...end]
      rest = authority[authority.index(after: end)...]
    } else {
      host = authority.prefix { $0 != ":" }
      rest = authority.dropFirst(host.count)
    }
    guard !host.isEmpty, rest.isEmpty || rest.first == ":" && (1...65_535).contains(Int(rest.dropFirst()) ?? 0) else {
      return nil
    }
    return host.lowercased()
  }

  private static func isLoopback(_ host: String) -> Bool { ["127.0.0.1", "localhost", "[::1]"].contains(host) }

  /// Private, link-local, shared and reserved addresses (RFC 6890), and numbers written in a way that hides which they are
  /// ("0x7f.1", "2130706433"). Of IPv6, every address written out.
  private static func isInner(_ host: String) -> Bool {
    if host.hasPrefix("[") { return true }
    let labels = host.split(separator: ".", omittingEmptySubsequences: false)
    if labels.last == "localhost" || labels.last == "local" || labels.last == "internal" { return true }
    guard let last = labels.last(where: { !$0.isEmpty }), last.first?.isNumber ?? false else { return false }
    let parts = labels.map { $0.count <= 3 && !($0.count > 1 && $0.first == "0") ? UInt8($0) : nil }
    guard labels.count == 4, let first = parts[0], let second = parts[1], parts[2] != nil, parts[3] != nil else {
      return true
    }
    switch (first, second) {
    case (0, _), (10, _), (127, _), (224..., _), (169, 254), (192, 168), (172, 16...31), (100, 64...127), (192, 0),
      (198, 18...19):
      return true
    default: return false
    }
  }
}
