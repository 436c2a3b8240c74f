internal import CNng

/// The parts of an nng URL that matter here.
struct Address {
  let scheme: String
  /// Empty for `ipc`.
  let host: String
  let port: String
  let path: String

  static func parse(_ url: String) throws(NngError) -> Address {
    var parsed: UnsafeMutablePointer<nng_url>?
    let result = nng_url_parse(&parsed, url)
    guard result == 0, let parsed else {
      throw NngError(.addressInvalid, "\(url): not an address (ipc:///path, tcp://host:port, tls+tcp://host:port)")
    }
    defer { nng_url_free(parsed) }
    func text(_ field: UnsafeMutablePointer<CChar>?) -> String {
      field.map { String(cString: $0) } ?? ""
    }
    return Address(
      scheme: text(parsed.pointee.u_scheme), host: text(parsed.pointee.u_hostname),
      port: text(parsed.pointee.u_port), path: text(parsed.pointee.u_path))
  }

  var usesTLS: Bool { scheme.hasPrefix("tls+") }
  /// Also `tcp4`, `tcp6` and with TLS.
  var usesTCP: Bool { scheme.hasPrefix("tcp") || scheme.hasPrefix("tls+tcp") }

  /// The same address with the port that the system chose.
  func url(port: Int) -> String {
    let host = host.contains(":") ? "[\(host)]" : host
    return "\(scheme)://\(host):\(port)"
  }
}

/// The port inside an IPv4 or IPv6 socket address; nil for other families.
func port(of address: nng_sockaddr) -> Int? {
  switch nng_sockaddr_family(UInt32(address.s_family)) {
  case NNG_AF_INET: Int(UInt16(bigEndian: address.s_in.sa_port))
  case NNG_AF_INET6: Int(UInt16(bigEndian: address.s_in6.sa_port))
  default: nil
  }
}

/// "127.0.0.1:4711", "[::1]:4711", a path, or "" for what has no name.
func text(of address: nng_sockaddr) -> String {
  switch nng_sockaddr_family(UInt32(address.s_family)) {
  case NNG_AF_INET:
    let bytes = withUnsafeBytes(of: address.s_in.sa_addr) { Array($0) }
    return bytes.map { String($0) }.joined(separator: ".") + ":\(UInt16(bigEndian: address.s_in.sa_port))"
  case NNG_AF_INET6:
    let bytes = withUnsafeBytes(of: address.s_in6.sa_addr) { Array($0) }
    let groups = stride(from: 0, to: 16, by: 2).map { index in
      String(UInt16(bytes[index]) << 8 | UInt16(bytes[index + 1]), radix: 16)
    }
    return "[\(groups.joined(separator: ":"))]:\(UInt16(bigEndian: address.s_in6.sa_port))"
  case NNG_AF_IPC:
    return withUnsafeBytes(of: address.s_ipc.sa_path) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  default:
    return ""
  }
}
