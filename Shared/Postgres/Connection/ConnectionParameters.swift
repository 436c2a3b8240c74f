internal import CPostgres
import Glibc

/// What libpq is told to connect with: the URL, then what overrides it.
struct ConnectionParameters: Sendable {
  private(set) var pairs: [(String, String)]

  init(_ configuration: PostgresConfiguration) throws(PostgresError) {
    guard configuration.url.hasPrefix("postgres://") || configuration.url.hasPrefix("postgresql://") else {
      throw PostgresError(.configuration, "a database address begins with postgres://")
    }
    pairs = [
      ("dbname", configuration.url),
      ("application_name", configuration.applicationName),
      ("client_encoding", "UTF8"),
      // A peer that vanished is noticed within about 30 s even when nothing is asked of it.
      ("keepalives_idle", "15"), ("keepalives_interval", "5"), ("keepalives_count", "3"),
      ("tcp_user_timeout", "30000"),
    ]
    var options = ["-c client_min_messages=warning"]
    if let schema = configuration.schema {
      try SQLIdentifier.check(schema)
      options.append("-c search_path=\(schema)")
      // A service looks its rows up by keys. The planner counts live rows only and keeps plans: what is small when a
      // statement is first planned, or full of dead rows while a snapshot is held, would be read from end to end.
      options.append("-c enable_seqscan=off")
      // The plans do not depend on the values then; to make them anew for each took a tenth of the dialer's database time.
      options.append("-c plan_cache_mode=force_generic_plan")
    }
    if let timeout = configuration.statementTimeout {
      options.append("-c statement_timeout=\(max(1, timeout.microseconds / 1000))")
    }
    pairs.append(("options", options.joined(separator: " ")))
    if let role = configuration.role {
      try SQLIdentifier.check(role)
      pairs.append(("user", role))
      // Without a password in the address logins are not checked by password, and the role has none.
      if let password = try RolePassword.derive(role: role, url: configuration.url) {
        pairs.append(("password", password))
      }
    }
  }

  func withCArrays<R>(_ body: (UnsafePointer<UnsafePointer<CChar>?>, UnsafePointer<UnsafePointer<CChar>?>) -> R) -> R {
    let keys = pairs.map { strdup($0.0) }
    let values = pairs.map { strdup($0.1) }
    defer { for text in keys + values { free(text) } }
    let keyPointers = keys.map { UnsafePointer<CChar>($0) } + [nil]
    let valuePointers = values.map { UnsafePointer<CChar>($0) } + [nil]
    return keyPointers.withUnsafeBufferPointer { keys in
      valuePointers.withUnsafeBufferPointer { values in
        guard let keys = keys.baseAddress, let values = values.baseAddress else {
          preconditionFailure("both arrays end with a null")
        }
        return body(keys, values)
      }
    }
  }
}
