/// The queries of a service, read from its embedded `.sql` files.
///
/// A file holds blocks, each headed by a line `-- name: ClaimDueLeads`; the block's text up to the next such line is
/// one statement. Text before the first name may only be comments.
public struct QueryCatalog: Sendable {
  private var queries: [String: NamedQuery] = [:]

  /// - Parameter files: Contents of the files, as `.embedInCode` gives them.
  ///
  /// Throws: `PostgresError.Code.configuration` for a name used twice, an empty block or text outside of blocks.
  public init(_ files: [UInt8]...) throws(PostgresError) {
    try self.init(files: files)
  }

  public init(files: [[UInt8]]) throws(PostgresError) {
    for file in files { try add(file) }
  }

  /// Names of all queries, sorted.
  public var names: [String] { queries.keys.sorted() }

  /// The query called `name`.
  ///
  /// Throws: `PostgresError.Code.configuration` when there is none; ask for all of them at start.
  public func query(_ name: String) throws(PostgresError) -> NamedQuery {
    guard let query = queries[name] else { throw PostgresError(.configuration, "no query is named \(name)") }
    return query
  }

  public subscript(name: String) -> NamedQuery? { queries[name] }

  private mutating func add(_ file: [UInt8]) throws(PostgresError) {
    var name: String?
    var lines: [Substring] = []
    for line in String(decoding: file, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false) {
      guard let next = QueryCatalog.name(in: line) else {
        lines.append(line)
        continue
      }
      try close(name, lines)
      name = next
      lines = []
    }
    try close(name, lines)
  }

  private mutating func close(_ name: String?, _ lines: [Substring]) throws(PostgresError) {
    let isEmpty = lines.allSatisfy { line in
      let text = line.drop { $0 == " " || $0 == "\t" || $0 == "\r" }
      return text.isEmpty || text.hasPrefix("--")
    }
    guard let name else {
      if isEmpty { return }
      throw PostgresError(.configuration, "a query file has a statement above its first \"-- name:\"")
    }
    guard !isEmpty else { throw PostgresError(.configuration, "query \(name) is empty") }
    guard queries[name] == nil else { throw PostgresError(.configuration, "two queries are named \(name)") }
    queries[name] = NamedQuery(name: name, sql: lines.joined(separator: "\n"))
  }

  private static func name(in line: Substring) -> String? {
    guard line.hasPrefix("-- name:") else { return nil }
    return line.dropFirst("-- name:".count).split { $0 == " " || $0 == "\t" || $0 == "\r" }.first.map(String.init)
  }
}
