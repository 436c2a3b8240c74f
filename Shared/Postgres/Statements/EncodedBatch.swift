/// Statements with their values in binary form, ready to be handed to libpq.
struct EncodedBatch: Sendable {
  struct Part: Sendable {
    let query: NamedQuery
    /// Where its values begin in `types` and `lengths`.
    let firstValue: Int
    let valueCount: Int
    /// Where its values begin in `bytes`.
    let firstByte: Int
  }

  /// The server's protocol counts parameters in 16 bits.
  static let parameterLimit = 65_535

  private(set) var parts: [Part] = []
  private(set) var bytes = PostgresBuffer()
  /// Type of each value; 0 for a null, whose type nobody knows here.
  private(set) var types: [UInt32] = []
  /// Length of each value; -1 for null.
  private(set) var lengths: [Int32] = []

  mutating func append(_ statement: PostgresStatement) throws(PostgresError) {
    guard statement.values.count <= EncodedBatch.parameterLimit else {
      throw PostgresError(.syntax, "\(statement.values.count) parameters", queryName: statement.query.name)
    }
    parts.append(
      Part(
        query: statement.query, firstValue: types.count, valueCount: statement.values.count, firstByte: bytes.count))
    for value in statement.values {
      guard let value else {
        types.append(0)
        lengths.append(-1)
        continue
      }
      let start = bytes.count
      value.encode(into: &bytes)
      guard let length = Int32(exactly: bytes.count - start) else {
        throw PostgresError(.invalidValue, "a value of more than 2 GiB", queryName: statement.query.name)
      }
      types.append(type(of: value).postgresType.oid)
      lengths.append(length)
    }
  }
}
