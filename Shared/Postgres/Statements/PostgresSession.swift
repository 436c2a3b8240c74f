/// One statement with its values.
public struct PostgresStatement: Sendable {
  public var query: NamedQuery
  public var values: [(any PostgresEncodable)?]

  public init(_ query: NamedQuery, _ values: [(any PostgresEncodable)?] = []) {
    self.query = query
    self.values = values
  }

  public init(_ query: NamedQuery, _ values: (any PostgresEncodable)?...) {
    self.init(query, values)
  }
}

/// What a statement gave.
public struct PostgresResult: Sendable {
  let storage: ResultStorage

  public var rows: [PostgresRow] { storage.rows }
  /// Rows inserted, updated, deleted, or returned.
  public var affected: Int { storage.affected }
}

/// What runs statements: a pool, each in a transaction of its own, or a transaction.
public protocol PostgresSession: Sendable {
  /// Sends all of `statements` at once and returns their results in order; see `pipeline`.
  func run(_ statements: [PostgresStatement]) async throws -> [PostgresResult]

  /// Streams rows into a table; see the implementations.
  func copyIn(
    table: String, columns: [String], _ body: (PostgresCopyWriter) async throws -> Void
  ) async throws -> Int
}

extension PostgresSession {
  /// Runs one statement and returns its rows.
  ///
  /// Throws: `PostgresError`; `CancellationError` when the task was cancelled, after the server has been told to stop.
  public func query(_ query: NamedQuery, _ values: (any PostgresEncodable)?...) async throws -> [PostgresRow] {
    try await run(query, values).rows
  }

  public func query(_ query: NamedQuery, values: [(any PostgresEncodable)?]) async throws -> [PostgresRow] {
    try await run(query, values).rows
  }

  /// Runs one statement and returns how many rows it touched.
  @discardableResult
  public func execute(_ query: NamedQuery, _ values: (any PostgresEncodable)?...) async throws -> Int {
    try await run(query, values).affected
  }

  @discardableResult
  public func execute(_ query: NamedQuery, values: [(any PostgresEncodable)?]) async throws -> Int {
    try await run(query, values).affected
  }

  /// Sends several statements in one go and waits once. They take effect together or not at all: the first that fails
  /// ends the rest, and outside of a transaction undoes what came before it.
  @discardableResult
  public func pipeline(_ statements: [(NamedQuery, [(any PostgresEncodable)?])]) async throws -> [PostgresResult] {
    try await run(statements.map { PostgresStatement($0.0, $0.1) })
  }

  /// Copies `rows` into `table`, each with a value for every one of `columns`, and returns how many.
  ///
  /// Values must fit the columns' types exactly: COPY casts nothing.
  @discardableResult
  public func copyIn(
    table: String, columns: [String], rows: some Sequence<[(any PostgresEncodable)?]>
  ) async throws -> Int {
    try await copyIn(table: table, columns: columns) { writer in
      for row in rows {
        try await writer.row { line in
          for value in row { line.append(any: value) }
        }
      }
    }
  }

  private func run(_ query: NamedQuery, _ values: [(any PostgresEncodable)?]) async throws -> PostgresResult {
    let results = try await run([PostgresStatement(query, values)])
    guard let result = results.first else { throw PostgresError(.server, "no result", queryName: query.name) }
    return result
  }
}
