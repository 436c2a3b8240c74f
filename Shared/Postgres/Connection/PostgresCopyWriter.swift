/// Takes the rows of one COPY and sends them as they fill a buffer. For one task.
public final class PostgresCopyWriter {
  /// Bytes sent at a time.
  private static let chunkBytes = 64 * 1024

  private let connection: PostgresConnection
  private let columns: [String]
  private var line: PostgresCopyLine

  init(_ connection: PostgresConnection, columns: [String], types: [UInt32]) {
    self.connection = connection
    self.columns = columns
    line = PostgresCopyLine(types: types)
    line.appendFileHeader()
  }

  /// Adds one row: `body` appends a value for each column, in order. Waits when the server is slower than the caller.
  ///
  /// Throws: `PostgresError.Code.invalidValue` for a value that does not fit its column, and for too few or too many;
  /// what `body` throws. The COPY is then over and changes nothing.
  @inlinable
  public func row(_ body: (inout PostgresCopyLine) throws -> Void) async throws {
    try add(body)
    if isFull { try await flush() }
  }

  @usableFromInline var isFull: Bool { line.buffer.count >= PostgresCopyWriter.chunkBytes }

  @usableFromInline func add(_ body: (inout PostgresCopyLine) throws -> Void) throws {
    line.begin()
    try body(&line)
    if let fault = line.fault { throw describe(fault) }
  }

  @usableFromInline func flush() async throws {
    let bytes = line.buffer.bytes
    line.buffer.removeAll()
    try await connection.putCopyData(bytes)
  }

  func finish() async throws {
    line.buffer.append(Int16(-1))  // The trailer.
    try await flush()
  }

  private func describe(_ fault: PostgresCopyLine.Fault) -> PostgresError {
    switch fault {
    case .count(let count):
      return PostgresError(.invalidValue, "\(count) values for \(columns.count) columns", queryName: "copy")
    case .type(let position, let type):
      let column = columns.indices.contains(position) ? columns[position] : "\(position)"
      return PostgresError(
        .invalidValue, "a value for column \(column) does not fit type \(type)", queryName: "copy")
    }
  }
}

/// The row that is being written.
public struct PostgresCopyLine {
  enum Fault {
    case count(Int)
    case type(position: Int, type: UInt32)
  }

  @usableFromInline var buffer = PostgresBuffer()
  @usableFromInline let types: [UInt32]
  @usableFromInline var position: Int
  private var misfit: Int?

  init(types: [UInt32]) {
    self.types = types
    position = types.count
  }

  /// What is wrong with the row, once it is complete.
  var fault: Fault? {
    if let misfit { return .type(position: misfit, type: types.indices.contains(misfit) ? types[misfit] : 0) }
    return position == types.count ? nil : .count(position)
  }

  /// Appends the value of the next column, nil for null.
  @inlinable public mutating func append<T: PostgresEncodable>(_ value: T?) {
    defer { position += 1 }
    guard position < types.count else { return }
    let start = buffer.count
    guard let value else {
      buffer.append(Int32(-1))
      return
    }
    buffer.append(Int32(0))
    if value.encode(into: &buffer, columnType: types[position]) {
      buffer.patch(Int32(truncatingIfNeeded: buffer.count - start - 4), at: start)
    } else {
      noteMisfit()
    }
  }

  public mutating func append(any value: (any PostgresEncodable)?) {
    if let value { append(opened: value) } else { append(Int?.none) }
  }

  private mutating func append(opened value: some PostgresEncodable) {
    append(value)
  }

  @usableFromInline mutating func noteMisfit() {
    if misfit == nil { misfit = position }
  }

  mutating func begin() {
    buffer.append(Int16(truncatingIfNeeded: types.count))
    position = 0
    misfit = nil
  }

  /// Signature, flags, no extension (PostgreSQL 16 manual, COPY, "Binary Format").
  mutating func appendFileHeader() {
    buffer.append(Array("PGCOPY\n".utf8) + [0xFF, 0x0D, 0x0A, 0x00] + [0, 0, 0, 0, 0, 0, 0, 0])
  }
}
