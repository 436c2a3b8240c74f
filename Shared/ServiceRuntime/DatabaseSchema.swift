import Postgres

/// The schema that a service owns: made and brought up to date before the service starts, reached by a role of its own.
public struct DatabaseSchema: Sendable {
  /// Plain lower-case name: `dialer`.
  public var name: String
  /// Logs in for the service and reaches this schema only.
  public var role: String
  public var migrations: [Migration]
  /// See `PostgresConfiguration.plansByKey`.
  public var plansByKey: Bool

  /// - Parameters:
  ///   - role: `ringmaster_<name>` unless given.
  ///   - migrations: In the order of their components: `EventLog.migrations` first where there is an event log.
  public init(name: String, role: String? = nil, migrations: [Migration], plansByKey: Bool = false) {
    self.name = name
    self.role = role ?? "ringmaster_\(name)"
    self.migrations = migrations
    self.plansByKey = plansByKey
  }
}
