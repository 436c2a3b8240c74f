internal import CCrypto
import Core

/// SHA-256 (FIPS 180-4) by OpenSSL's libcrypto.
public enum SHA256 {
  /// 32 bytes.
  public static func hash(_ bytes: [UInt8]) -> [UInt8] {
    bytes.withUnsafeBytes { hash($0) }
  }

  /// 32 bytes.
  public static func hash(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
    digest(bytes, EVP_sha256(), length: 32)
  }

  /// 32 bytes, of the text's UTF-8.
  public static func hash(_ text: String) -> [UInt8] {
    hash(Array(text.utf8))
  }

  /// 64 lowercase hexadecimal digits.
  public static func hexadecimal(_ bytes: [UInt8]) -> String {
    Hex.encode(hash(bytes))
  }
}

/// SHA-1, for the protocols that still name it: the WebSocket handshake (RFC 6455) and Twilio's signatures.
/// Never for anything where two inputs with one hash would do harm.
public enum SHA1 {
  /// 20 bytes.
  public static func hash(_ bytes: [UInt8]) -> [UInt8] {
    bytes.withUnsafeBytes { digest($0, EVP_sha1(), length: 20) }
  }
}

/// Hashes a message that does not fit in memory at once.
public struct SHA256Stream: ~Copyable {
  private let context: OpaquePointer

  public init() {
    guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex2(context, EVP_sha256(), nil) == 1 else {
      preconditionFailure("libcrypto has no memory for a hash")
    }
    self.context = context
  }

  deinit {
    EVP_MD_CTX_free(context)
  }

  public mutating func update(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { buffer in
      precondition(EVP_DigestUpdate(context, buffer.baseAddress, buffer.count) == 1, "libcrypto could not hash")
    }
  }

  /// The 32-byte hash of all that was added.
  public consuming func finish() -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: Int(EVP_MAX_MD_SIZE)) { buffer, count in
      var length: UInt32 = 0
      precondition(EVP_DigestFinal_ex(context, buffer.baseAddress, &length) == 1, "libcrypto could not hash")
      count = Int(length)
    }
  }
}

/// One-shot digest. These cannot fail on valid arguments short of memory running out, hence the traps.
func digest(_ bytes: UnsafeRawBufferPointer, _ algorithm: OpaquePointer?, length: Int) -> [UInt8] {
  [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
    var produced: UInt32 = 0
    let result = EVP_Digest(bytes.baseAddress, bytes.count, buffer.baseAddress, &produced, algorithm, nil)
    precondition(result == 1 && Int(produced) == length, "libcrypto could not hash")
    count = length
  }
}
