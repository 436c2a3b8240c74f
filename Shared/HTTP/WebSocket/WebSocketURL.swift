/// The parts of a `ws` or `wss` URL that connecting takes.
struct WebSocketURL: Equatable {
  let isSecure: Bool
  /// Without the brackets of an IPv6 address.
  let host: String
  let port: Int
  /// Path and query as they travel.
  let target: String

  /// What the Host field says.
  let authority: String

  init?(_ url: String) {
    guard let separator = url.utf8.firstIndex(of: UInt8(ascii: ":")),
      url.utf8[separator...].starts(with: "://".utf8),
      url.utf8.allSatisfy({ $0 > 32 && $0 < 127 })
    else { return nil }
    switch url[..<separator].lowercased() {
    case "ws": isSecure = false
    case "wss": isSecure = true
    default: return nil
    }
    let rest = url[separator...].dropFirst(3)
    let end = rest.firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? rest.endIndex
    authority = String(rest[..<end])
    let tail = rest[end...].prefix { $0 != "#" }
    target = tail.hasPrefix("/") ? String(tail) : "/" + tail

    var name = rest[..<end]
    var portText: Substring?
    if name.hasPrefix("[") {
      guard let close = name.firstIndex(of: "]") else { return nil }
      portText = name[close...].dropFirst()
      name = name[..<close].dropFirst()
      if portText?.isEmpty == false, portText?.hasPrefix(":") == false {
        return nil
      }
      portText = portText.flatMap { $0.isEmpty ? nil : $0.dropFirst() }
    } else if let colon = name.firstIndex(of: ":") {
      portText = name[colon...].dropFirst()
      name = name[..<colon]
    }
    guard !name.isEmpty, !authority.contains("@") else { return nil }
    host = String(name)
    guard let portText else {
      port = isSecure ? 443 : 80
      return
    }
    guard let number = UInt16(portText), number > 0 else { return nil }
    port = Int(number)
  }

  /// For nng.
  var streamURL: String {
    let host = host.contains(":") ? "[\(host)]" : host
    return "\(isSecure ? "tls+tcp" : "tcp")://\(host):\(port)"
  }
}
