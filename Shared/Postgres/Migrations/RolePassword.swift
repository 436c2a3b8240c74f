internal import CPostgres
import Core
import Crypto
import Glibc

/// The password of a service's role: the same wherever it is derived from the same administrator's address, so that no
/// two have to be told.
enum RolePassword {
  /// Nil when `url` holds no password: one derived from nothing could be guessed.
  static func derive(role: String, url: String) throws(PostgresError) -> String? {
    var message: UnsafeMutablePointer<CChar>?
    guard let options = PQconninfoParse(url, &message) else {
      defer { PQfreemem(message) }
      // libpq's message quotes parts of the address, which may be the password.
      throw PostgresError(.configuration, "the database address cannot be read")
    }
    defer { PQconninfoFree(options) }
    var password: String?
    var option = options
    while let keyword = option.pointee.keyword {
      if strcmp(keyword, "password") == 0, let value = option.pointee.val { password = String(cString: value) }
      option += 1
    }
    guard let password, !password.isEmpty else { return nil }
    return Hex.encode(HMAC.sha256(key: Array(password.utf8), data: Array("ringmaster role \(role)".utf8)))
  }
}
