/// What a schema's record of its history says about one applied migration.
struct AppliedMigration: Hashable, Sendable {
  var component: String
  var number: Int
  var name: String
  var checksum: String
}

/// Which migrations are left to apply. Pure: what was applied comes in.
struct MigrationPlan: Sendable {
  /// In the order in which to apply them.
  let pending: [Migration]
  /// Applied by a newer version of the program.
  let newer: [AppliedMigration]

  /// Throws: `PostgresError.Code.migration` when the two histories do not fit.
  init(_ migrations: [Migration], applied: [AppliedMigration]) throws(PostgresError) {
    var pending: [Migration] = []
    var newer: [AppliedMigration] = []
    var components: [String] = []
    for migration in migrations where !components.contains(migration.component) {
      components.append(migration.component)
    }
    for component in components {
      let known = migrations.filter { $0.component == component }.sorted { $0.number < $1.number }
      let done = applied.filter { $0.component == component }
      try MigrationPlan.check(known, done)
      let last = done.map(\.number).max() ?? Int.min
      pending += known.filter { $0.number > last }
      newer += done.filter { $0.number > known.last?.number ?? Int.min }
    }
    self.pending = pending
    self.newer = newer
  }

  private static func check(_ known: [Migration], _ done: [AppliedMigration]) throws(PostgresError) {
    for (left, right) in zip(known, known.dropFirst()) where left.number == right.number {
      throw PostgresError(.migration, "\(label(left)) and \(label(right)) have the same number")
    }
    let last = done.map(\.number).max() ?? Int.min
    for migration in known where migration.number <= last {
      guard let match = done.first(where: { $0.number == migration.number }) else {
        throw PostgresError(
          .migration, "\(label(migration)) was never applied, but later ones were: give it the next free number")
      }
      guard match.checksum == migration.checksum else {
        throw PostgresError(
          .migration,
          "\(label(migration)) was changed after it was applied (as \(match.name)): "
            + "restore its text and put the change into a new migration")
      }
    }
    let highest = known.last?.number ?? Int.min
    for entry in done where entry.number < highest && !known.contains(where: { $0.number == entry.number }) {
      throw PostgresError(
        .migration, "migration \(entry.component) \(entry.number) \(entry.name) was applied but is not in this program")
    }
  }

  private static func label(_ migration: Migration) -> String {
    "migration \(migration.component) \(migration.number) \(migration.name)"
  }
}
