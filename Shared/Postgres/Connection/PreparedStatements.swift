/// What is prepared on one connection.
///
/// A query may be prepared more than once, when its values come with different types. A null fits every type.
struct PreparedStatements {
  struct Variant {
    let types: [UInt32]
    /// Name on the server, with its closing zero.
    let name: [CChar]
  }

  /// Past this the connection is replaced when it is next idle: somebody makes up queries.
  static let limit = 1000

  private var variants: [UInt64: [Variant]] = [:]
  private(set) var count = 0

  /// The name under which `query` is prepared for values of these types, nil when it is not.
  func name(of query: NamedQuery, types: ArraySlice<UInt32>) -> [CChar]? {
    guard let known = variants[query.fingerprint] else { return nil }
    for variant in known where variant.types.count == types.count {
      if zip(types, variant.types).allSatisfy({ $0 == 0 || $0 == $1 }) { return variant.name }
    }
    return nil
  }

  /// Takes note that `query` is being prepared; returns the name to use.
  mutating func add(_ query: NamedQuery, types: ArraySlice<UInt32>) -> [CChar] {
    count += 1
    let name = Array("s\(count)".utf8CString)
    variants[query.fingerprint, default: []].append(Variant(types: Array(types), name: name))
    return name
  }

  /// Forgets a statement that the server did not prepare.
  mutating func remove(_ query: NamedQuery, name: [CChar]) {
    variants[query.fingerprint]?.removeAll { $0.name == name }
  }
}
