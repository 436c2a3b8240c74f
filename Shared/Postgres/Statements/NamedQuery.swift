/// A statement of a `.sql` file, called by its name.
///
/// The name appears in errors and metrics; the text is prepared once on each connection that runs it.
public struct NamedQuery: Hashable, Sendable, CustomStringConvertible {
  public let name: String
  public let sql: String
  /// Tells prepared statements apart on a connection: a hash of both, the same in every process.
  let fingerprint: UInt64

  public init(name: String, sql: String) {
    self.name = name
    self.sql = sql
    fingerprint = FNV.hash(name.utf8, then: sql.utf8)
  }

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
