import Postgres
import Synchronization
import TestSupport
import Testing

/// A statement written where it is tested.
func sql(_ text: String, _ name: String = "test") -> NamedQuery {
  NamedQuery(name: name, sql: text)
}

/// Runs `body` with a pool on a database of its own.
func withPool<R: Sendable>(size: Int = 4, _ body: (PostgresPool) async throws -> R) async throws -> R {
  try await TestDatabase.with { database in
    let pool = database.pool(size: size)
    defer { pool.close() }
    return try await body(pool)
  }
}

/// The `PostgresError` that `body` throws; records an issue when there is none.
func postgresError<R>(
  _ body: () async throws -> R, sourceLocation: SourceLocation = #_sourceLocation
) async -> PostgresError? {
  do {
    _ = try await body()
    Issue.record("nothing was thrown", sourceLocation: sourceLocation)
  } catch let error as PostgresError {
    return error
  } catch {
    Issue.record("thrown was \(error)", sourceLocation: sourceLocation)
  }
  return nil
}

/// Expects that `pool` answers.
func expectService(_ pool: PostgresPool, sourceLocation: SourceLocation = #_sourceLocation) async throws {
  let answer: Int? = try await pool.query(sql("select 1 as a")).first?.get("a")
  #expect(answer == 1, sourceLocation: sourceLocation)
}

/// Counts what happens in several tasks.
final class Tally: Sendable {
  private let count = Atomic(0)

  var value: Int { count.load(ordering: .relaxed) }

  /// The number with this one.
  @discardableResult func add() -> Int { count.add(1, ordering: .relaxed).newValue }
}
