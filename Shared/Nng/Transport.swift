internal import CNng

/// What carries the messages of an address.
struct Transport: Sendable {
  let framing: Framing
  let isTLS: Bool

  /// Throws when SP messages do not travel that way.
  init(_ address: Address, _ url: String) throws(NngError) {
    switch address.scheme {
    case "ipc", "unix", "abstract": framing = .ipc
    case _ where address.usesTCP: framing = .tcp
    default: throw NngError(.notSupported, "\(url): not an address (ipc:///path, tcp://host:port, tls+tcp://host:port)")
    }
    isTLS = address.usesTLS
  }
}
