internal import CPostgres
import Glibc

/// One result of libpq. Immutable once received, so that rows may be read from any thread; freed with its last row.
final class ResultStorage: @unchecked Sendable {
  let handle: OpaquePointer

  init(adopting handle: OpaquePointer) {
    self.handle = handle
  }

  deinit {
    PQclear(handle)
  }

  var rows: [PostgresRow] {
    (0..<PQntuples(handle)).map { PostgresRow(result: self, index: $0) }
  }

  /// Rows that the statement inserted, updated, deleted, copied or returned.
  var affected: Int {
    guard let text = PQcmdTuples(handle) else { return 0 }
    return Int(atoll(text))
  }
}

/// One row of a result. Values are decoded when they are asked for.
///
/// A row keeps its whole result in memory: copy what is kept for long.
public struct PostgresRow: Sendable {
  let result: ResultStorage
  let index: Int32

  public var columnCount: Int { Int(PQnfields(result.handle)) }

  /// The value of the column called `column`, the first of that name.
  ///
  /// Throws: `PostgresError.Code.invalidRow` when there is no such column, it holds another type, or it is null and
  /// `T` is no Optional.
  public func get<T: PostgresDecodable>(_ column: String, as type: T.Type = T.self) throws(PostgresError) -> T {
    let number = try self.number(of: column)
    guard let field = field(number) else { throw error(column, "is null") }
    do {
      return try T.decode(field)
    } catch {
      throw self.error(column, error.message)
    }
  }

  /// The value of the column called `column`, nil for null.
  public func get<T: PostgresDecodable>(_ column: String, as type: T?.Type = T?.self) throws(PostgresError) -> T? {
    let number = try self.number(of: column)
    guard let field = field(number) else { return nil }
    do {
      return try T.decode(field)
    } catch {
      throw self.error(column, error.message)
    }
  }

  /// The value of column number `position`, from 0.
  public func get<T: PostgresDecodable>(at position: Int, as type: T.Type = T.self) throws(PostgresError) -> T {
    guard position >= 0, position < columnCount else { throw error("\(position)", "does not exist") }
    guard let field = field(Int32(position)) else { throw error("\(position)", "is null") }
    do {
      return try T.decode(field)
    } catch {
      throw self.error("\(position)", error.message)
    }
  }

  private func number(of column: String) throws(PostgresError) -> Int32 {
    let count = PQnfields(result.handle)
    let found = column.withCString { name -> Int32? in
      for number in 0..<count where strcmp(PQfname(result.handle, number), name) == 0 { return number }
      return nil
    }
    guard let found else { throw error(column, "does not exist") }
    return found
  }

  private func field(_ number: Int32) -> PostgresField? {
    guard PQgetisnull(result.handle, index, number) == 0 else { return nil }
    let length = Int(PQgetlength(result.handle, index, number))
    let bytes = UnsafeRawBufferPointer(start: PQgetvalue(result.handle, index, number), count: length)
    return PostgresField(bytes: bytes, type: PQftype(result.handle, number))
  }

  private func error(_ column: String, _ problem: String) -> PostgresError {
    PostgresError(.invalidRow, "column \(column): \(problem)")
  }
}
