import Core
import Crypto

/// What both sides compute in the opening handshake (RFC 6455 section 1.3).
enum WebSocketHandshake {
  static func accept(_ key: String) -> String {
    Base64.encode(SHA1.hash(Array((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8)))
  }

  static func newKey() -> String {
    Base64.encode(SecureRandom.bytes(16))
  }
}
