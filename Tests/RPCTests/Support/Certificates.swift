import Core
import Glibc
import Nng

/// Authorities and certificates of a test's own, made by openssl in a folder that goes away with them.
final class Certificates: Sendable {
  private let folder: String

  /// Two authorities, `one` and `other`, and from each a certificate for localhost.
  static func make() async throws -> Certificates {
    let certificates = Certificates()
    for authority in ["one", "other"] { try await certificates.make(authority) }
    return certificates
  }

  private init() {
    folder = "/tmp/ringmaster-certificates-\(UniqueID.random())"
    mkdir(folder, 0o700)
  }

  deinit {
    for authority in ["one", "other"] {
      for suffix in ["-ca.key", "-ca.pem", "-ca.srl", ".key", ".csr", ".pem"] {
        unlink("\(folder)/\(authority)\(suffix)")
      }
    }
    rmdir(folder)
  }

  /// - Parameters:
  ///   - authority: Whose certificate is presented.
  ///   - trusted: Whose certificates are accepted.
  ///   - isMutual: For a client, whether it presents its certificate.
  func configuration(_ authority: String = "one", trusting trusted: String = "one", isMutual: Bool = true)
    -> TLSConfiguration
  {
    TLSConfiguration(
      certificateFile: "\(folder)/\(authority).pem", keyFile: "\(folder)/\(authority).key",
      authorityFile: "\(folder)/\(trusted)-ca.pem", isMutual: isMutual)
  }

  private func make(_ authority: String) async throws {
    let path = "\(folder)/\(authority)"
    let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    try await openssl(
      ["req", "-x509"] + key + ["-keyout", "\(path)-ca.key", "-out", "\(path)-ca.pem", "-subj", "/CN=\(authority)"])
    try await openssl(["req"] + key + ["-keyout", "\(path).key", "-out", "\(path).csr", "-subj", "/CN=localhost"])
    try await openssl([
      "x509", "-req", "-in", "\(path).csr", "-CA", "\(path)-ca.pem", "-CAkey", "\(path)-ca.key", "-CAcreateserial",
      "-out", "\(path).pem", "-days", "2",
    ])
  }

  private func openssl(_ arguments: [String]) async throws {
    let status = await (try Program("openssl", arguments)).end()
    guard status == 0 else { throw Program.Failure(description: "openssl \(arguments): status \(status)") }
  }
}
