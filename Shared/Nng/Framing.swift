/// How SP messages follow each other on a stream (nng's `sp/transport/tcp` and `sp/transport/ipc`, RFC drafts
/// sp-tcp-mapping-01 and sp-request-reply-01): each end greets with eight bytes, then every message has its length before it.
enum Framing: Sendable {
  /// Eight bytes of length. Also for TLS.
  case tcp
  /// A byte that says "message", then eight of length.
  case ipc

  static let greetingBytes = 8
  private static let messageKind: UInt8 = 1

  struct Malformed: Error {}

  var headerBytes: Int {
    switch self {
    case .tcp: 8
    case .ipc: 9
    }
  }

  func writeHeader(to start: UnsafeMutableRawPointer, length: Int) {
    if self == .ipc {
      start.storeBytes(of: Framing.messageKind, as: UInt8.self)
    }
    (start + (headerBytes - 8)).storeBytes(of: UInt64(length).bigEndian, as: UInt64.self)
  }

  /// The length that a header of `headerBytes` bytes tells. Throws unless it is from that of a bare request to `limit`.
  func length(_ header: UnsafeRawPointer, limit: Int) throws(Malformed) -> Int {
    guard self == .tcp || header.load(as: UInt8.self) == Framing.messageKind else { throw Malformed() }
    let length = UInt64(bigEndian: header.loadUnaligned(fromByteOffset: headerBytes - 8, as: UInt64.self))
    guard length >= UInt64(RequestID.byteCount), length <= UInt64(limit) else { throw Malformed() }
    return Int(length)
  }
}

extension MessageSocket.Role {
  /// SP's number for the protocol that this end speaks.
  private var number: UInt8 {
    switch self {
    case .request: 0x30
    case .reply: 0x31
    }
  }

  private var peer: MessageSocket.Role {
    switch self {
    case .request: .reply
    case .reply: .request
    }
  }

  /// What this end says first.
  var greeting: [UInt8] { [0, UInt8(ascii: "S"), UInt8(ascii: "P"), 0, 0, number, 0, 0] }

  /// Whether the other end greets as it must.
  func accepts(_ greeting: UnsafeRawBufferPointer) -> Bool {
    greeting.elementsEqual(peer.greeting)
  }
}
