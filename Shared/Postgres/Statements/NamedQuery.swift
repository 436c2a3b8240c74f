/// A statement of a `.sql` file, called by its name.
///
/// The name appears in errors and metrics; the text is prepared once on each connection that runs it.
public struct NamedQuery: Hashable, Sendable, CustomStringConvertible {
  /// Queries travel through many hands on their way: one reference is cheaper to hand on than two strings.
  private final class Definition: Sendable {
    let name: String
    let sql: String
    let fingerprint: UInt64

    init(name: String, sql: String) {
      self.name = name
      self.sql = sql
      fingerprint = FNV.hash(name.utf8, then: sql.utf8)
    }
  }

  private let definition: Definition

  public init(name: String, sql: String) {
    definition = Definition(name: name, sql: sql)
  }

  public var name: String { definition.name }
  public var sql: String { definition.sql }
  /// Tells prepared statements apart on a connection: a hash of both, the same in every process.
  var fingerprint: UInt64 { definition.fingerprint }
  public var description: String { name }

  public static func == (left: NamedQuery, right: NamedQuery) -> Bool { left.fingerprint == right.fingerprint }
  public func hash(into hasher: inout Hasher) { hasher.combine(fingerprint) }
}

/// FNV-1a, 64 bits (Fowler, Noll and Vo). Not for secrets, not for hostile input.
enum FNV {
  static func hash(_ first: some Sequence<UInt8>, then second: some Sequence<UInt8>) -> UInt64 {
    var value: UInt64 = 0xCBF2_9CE4_8422_2325
    func add(_ byte: UInt8) { value = (value ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    for byte in first { add(byte) }
    add(0)
    for byte in second { add(byte) }
    return value
  }
}
