import Postgres

/// The statements of this module, for the tables of one schema.
struct EventQueries: Sendable {
  private let catalog: QueryCatalog

  /// - Parameter schema: A plain name; one that is not is a programmer's error.
  init(schema: String) {
    precondition(
      !schema.isEmpty
        && schema.utf8.allSatisfy { $0 == UInt8(ascii: "_") || (97...122).contains($0) || (48...57).contains($0) },
      "\(schema) is no schema's name")
    let files = [PackageResources.event_log_sql, PackageResources.event_consumer_sql].map { file in
      Array(
        String(decoding: file, as: UTF8.self).split(separator: "{schema}", omittingEmptySubsequences: false)
          .joined(separator: schema).utf8)
    }
    do {
      catalog = try QueryCatalog(files: files)
    } catch {
      preconditionFailure("the embedded queries are not well formed: \(error)")
    }
  }

  subscript(name: String) -> NamedQuery {
    guard let query = catalog[name] else { preconditionFailure("no embedded query is named \(name)") }
    return query
  }
}
