/// A data type of the server, by its object id (`pg_type.dat` of PostgreSQL 16; these ids never change).
public struct PostgresType: Hashable, Sendable {
  public let oid: UInt32
  /// Id of the array type, 0 when there is none.
  public let arrayOID: UInt32

  public init(oid: UInt32, arrayOID: UInt32) {
    self.oid = oid
    self.arrayOID = arrayOID
  }

  public static let bool = PostgresType(oid: 16, arrayOID: 1000)
  public static let bytea = PostgresType(oid: 17, arrayOID: 1001)
  public static let int8 = PostgresType(oid: 20, arrayOID: 1016)
  public static let int2 = PostgresType(oid: 21, arrayOID: 1005)
  public static let int4 = PostgresType(oid: 23, arrayOID: 1007)
  public static let text = PostgresType(oid: 25, arrayOID: 1009)
  public static let json = PostgresType(oid: 114, arrayOID: 199)
  public static let float4 = PostgresType(oid: 700, arrayOID: 1021)
  public static let float8 = PostgresType(oid: 701, arrayOID: 1022)
  public static let date = PostgresType(oid: 1082, arrayOID: 1182)
  public static let timestamptz = PostgresType(oid: 1184, arrayOID: 1185)
  public static let interval = PostgresType(oid: 1186, arrayOID: 1187)
  public static let uuid = PostgresType(oid: 2950, arrayOID: 2951)
  public static let jsonb = PostgresType(oid: 3802, arrayOID: 3807)
  public static let xid8 = PostgresType(oid: 5069, arrayOID: 271)

  /// Types that are sent as their text: text, varchar, char(n), name, unknown, xml, and enumerations and domains, whose
  /// ids are those of the user's objects.
  @usableFromInline var isTextual: Bool {
    switch oid {
    case 25, 1043, 1042, 19, 705, 142: true
    default: oid >= 16384
    }
  }
}

/// Number of a transaction as the server counts them over its whole life (`xid8`): never wraps, never used again.
public struct PostgresTransactionID: Hashable, Comparable, Sendable, CustomStringConvertible {
  public let value: UInt64

  public init(_ value: UInt64) {
    self.value = value
  }

  public var description: String { "\(value)" }

  public static func < (left: PostgresTransactionID, right: PostgresTransactionID) -> Bool {
    left.value < right.value
  }
}
