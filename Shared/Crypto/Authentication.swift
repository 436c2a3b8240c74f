internal import CCrypto

/// Keyed message authentication (RFC 2104) by OpenSSL's libcrypto.
public enum HMAC {
  /// 20 bytes: what Twilio signs webhooks with.
  public static func sha1(key: [UInt8], data: [UInt8]) -> [UInt8] {
    code(key: key, data: data, digest: "SHA1", length: 20)
  }

  /// 32 bytes.
  public static func sha256(key: [UInt8], data: [UInt8]) -> [UInt8] {
    code(key: key, data: data, digest: "SHA256", length: 32)
  }

  private static func code(key: [UInt8], data: [UInt8], digest: String, length: Int) -> [UInt8] {
    // libcrypto takes a null key to mean "no key set", so an empty key still needs an address.
    let keyBytes = key.isEmpty ? [0] : key
    return [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
      var produced = 0
      let result = EVP_Q_mac(
        nil, "HMAC", nil, digest, nil, keyBytes, key.count, data, data.count, buffer.baseAddress, length, &produced)
      precondition(result != nil && produced == length, "libcrypto could not authenticate")
      count = length
    }
  }
}

/// Whether two byte strings are equal, in a time that depends on their lengths only. For signatures and tokens.
public func constantTimeEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
  left.count == right.count && CRYPTO_memcmp(left, right, left.count) == 0
}

/// Unpredictable bytes for keys, tokens and masks, from libcrypto's generator, which the kernel seeds.
public enum SecureRandom {
  /// Traps when the system has no randomness to give: nothing that needs it could go on safely.
  public static func bytes(_ count: Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      guard count > 0 else { return }
      precondition(RAND_bytes(buffer.baseAddress, Int32(count)) == 1, "libcrypto has no randomness")
      initialized = count
    }
  }
}
