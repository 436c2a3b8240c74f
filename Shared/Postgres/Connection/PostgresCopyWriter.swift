/// Takes the rows of one COPY and sends them as they fill a buffer. For one task.
public final class PostgresCopyWriter {
  /// Bytes sent at a time.
  @usableFromInline static let chunkBytes = 64 * 1024

  private let connection: PostgresConnection
  private let columns: [String]
  @usableFromInline var line: PostgresCopyLine

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
    line.begin()
    try body(&line)
    if !line.isWhole { throw describeFault() }
    if line.buffer.count >= PostgresCopyWriter.chunkBytes { try await flush() }
  }

  @usableFromInline func flush() async throws {
    let mustWait = try line.buffer.withUnsafeBytes { try connection.putCopyData($0) }
    line.buffer.removeAll()
    try Task.checkCancellation()
    if mustWait { try await connection.waitForFlush() }
  }

  func finish() async throws {
    line.buffer.append(Int16(-1))  // The trailer.
    try await flush()
  }

  @usableFromInline func describeFault() -> PostgresError {
    guard let position = line.misfit else {
      return PostgresError(
        .invalidValue, "\(line.position) values for \(columns.count) columns", queryName: "copy")
    }
    return PostgresError(
      .invalidValue, "a value for column \(columns[position]) does not fit type \(line.types[position])",
      queryName: "copy")
  }
}

/// The row that is being written.
public struct PostgresCopyLine {
  @usableFromInline var buffer: PostgresBuffer
  @usableFromInline let types: [UInt32]
  /// Values so far.
  @usableFromInline var position: Int
  /// The first value that does not fit its column.
  @usableFromInline var misfit: Int?

  init(types: [UInt32]) {
    self.types = types
    position = types.count
    buffer = PostgresBuffer(capacity: PostgresCopyWriter.chunkBytes * 2)
  }

  /// True when it has a value for each column, and each fits.
  @inlinable var isWhole: Bool { position == types.count && misfit == nil }

  /// Appends the value of the next column, nil for null.
  @inlinable public mutating func append<T: PostgresEncodable>(_ value: T?) {
    defer { position += 1 }
    guard position < types.count else { return }
    guard let value else {
      buffer.append(Int32(-1))
      return
    }
    let start = buffer.count
    buffer.append(Int32(0))
    if value.encode(into: &buffer, columnType: types[position]) {
      buffer.patch(Int32(truncatingIfNeeded: buffer.count - start - 4), at: start)
    } else if misfit == nil {
      misfit = position
    }
  }

  /// Appends a value whose type is known when the program runs only.
  public mutating func append(any value: (any PostgresEncodable)?) {
    if let value { append(opened: value) } else { append(Int?.none) }
  }

  private mutating func append(opened value: some PostgresEncodable) {
    append(value)
  }

  @inlinable mutating func begin() {
    buffer.append(Int16(truncatingIfNeeded: types.count))
    position = 0
    misfit = nil
  }

  /// Signature, flags, no extension (PostgreSQL 16 manual, COPY, "Binary Format").
  mutating func appendFileHeader() {
    buffer.append(Array("PGCOPY\n".utf8) + [0xFF, 0x0D, 0x0A, 0x00] + [0, 0, 0, 0, 0, 0, 0, 0])
  }
}
