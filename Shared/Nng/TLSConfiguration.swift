internal import CNng
import Glibc

/// Certificates for `tls+tcp://`, all in PEM files. Both ends prove who they are unless `isMutual` is off.
///
/// nng's TLS engine is mbed TLS 2.28: TLS 1.2, names checked against the certificate's DNS names or common name, not
/// against its IP addresses. A peer reached by address therefore needs `serverName`.
public struct TLSConfiguration: Hashable, Sendable {
  /// This end's certificate, followed by any intermediate ones.
  public var certificateFile: String
  /// The certificate's private key, unencrypted.
  public var keyFile: String
  /// The authorities that the peer's certificate must come from.
  public var authorityFile: String
  /// Servers refuse clients without a certificate of the authority. Clients always verify servers.
  public var isMutual: Bool
  /// The name that a server's certificate must carry; nil means the host of the URL dialed.
  public var serverName: String?

  public init(
    certificateFile: String, keyFile: String, authorityFile: String, isMutual: Bool = true, serverName: String? = nil
  ) {
    self.certificateFile = certificateFile
    self.keyFile = keyFile
    self.authorityFile = authorityFile
    self.isMutual = isMutual
    self.serverName = serverName
  }
}

/// An `nng_tls_config`, reference-counted by nng: listeners and dialers take their own hold.
final class TLSHandle {
  let handle: OpaquePointer

  private init(adopting handle: OpaquePointer) {
    self.handle = handle
  }

  deinit {
    nng_tls_config_free(handle)
  }

  /// Reads the files and checks that the key fits. `host` is the URL's, for clients.
  static func client(_ configuration: TLSConfiguration, host: String) throws(NngError) -> TLSHandle {
    let tls = try make(configuration, NNG_TLS_MODE_CLIENT, presentsCertificate: configuration.isMutual)
    let name = configuration.serverName ?? host
    try check(nng_tls_config_server_name(tls.handle, name), "TLS server name \(name)")
    try check(nng_tls_config_auth_mode(tls.handle, NNG_TLS_AUTH_MODE_REQUIRED), "TLS verification mode")
    return tls
  }

  static func server(_ configuration: TLSConfiguration) throws(NngError) -> TLSHandle {
    let tls = try make(configuration, NNG_TLS_MODE_SERVER, presentsCertificate: true)
    let mode = configuration.isMutual ? NNG_TLS_AUTH_MODE_REQUIRED : NNG_TLS_AUTH_MODE_NONE
    try check(nng_tls_config_auth_mode(tls.handle, mode), "TLS verification mode")
    return tls
  }

  private static func make(
    _ configuration: TLSConfiguration, _ mode: nng_tls_mode, presentsCertificate: Bool
  ) throws(NngError) -> TLSHandle {
    var handle: OpaquePointer?
    try check(nng_tls_config_alloc(&handle, mode), "allocate a TLS configuration")
    guard let handle else { throw NngError(.outOfMemory, "allocate a TLS configuration: no handle") }
    let tls = TLSHandle(adopting: handle)
    try check(
      nng_tls_config_version(handle, NNG_TLS_1_2, NNG_TLS_1_3), "TLS 1.2 or later")
    if mode == NNG_TLS_MODE_CLIENT || configuration.isMutual {
      let authority = try readText(configuration.authorityFile, "TLS authority file")
      try check(
        nng_tls_config_ca_chain(handle, authority, nil), "TLS authority file \(configuration.authorityFile)")
    }
    if presentsCertificate {
      let certificate = try readText(configuration.certificateFile, "TLS certificate file")
      let key = try readText(configuration.keyFile, "TLS key file")
      try check(
        nng_tls_config_own_cert(handle, certificate, key, nil),
        "TLS certificate \(configuration.certificateFile) with key \(configuration.keyFile)")
    }
    return tls
  }

  /// A whole small text file. PEM files are read once, at start.
  private static func readText(_ path: String, _ what: String) throws(NngError) -> String {
    let limit = 1 << 20
    guard let file = fopen(path, "re") else {
      let reason = String(cString: strerror(errno))
      throw NngError(.noSuchFile, "\(what) \(path): \(reason)")
    }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: limit)
    let count = fread(&bytes, 1, limit, file)
    guard ferror(file) == 0, count < limit else {
      throw NngError(.invalidArgument, "\(what) \(path): cannot be read, or larger than \(limit) bytes")
    }
    return String(decoding: bytes[..<count], as: UTF8.self)
  }
}
