public import Core
public import JSON

/// One value of a row, in binary form. Valid only while `PostgresDecodable.decode` runs.
public struct PostgresField {
  public let bytes: UnsafeRawBufferPointer
  /// Object id of its type.
  public let type: UInt32

  /// A big-endian integer at `offset`, nil when the field is too short.
  @inlinable func integer<T: FixedWidthInteger>(at offset: Int = 0) -> T? {
    guard offset >= 0, offset + MemoryLayout<T>.size <= bytes.count else { return nil }
    return T(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: T.self))
  }

  @inlinable init(bytes: UnsafeRawBufferPointer, type: UInt32) {
    self.bytes = bytes
    self.type = type
  }

  func mismatch(_ expected: String) -> PostgresError {
    PostgresError(.invalidRow, "expected \(expected), found a value of type \(type) with \(bytes.count) bytes")
  }
}

/// A value that can be read from a row. Null is read as an Optional.
public protocol PostgresDecodable {
  static func decode(_ field: PostgresField) throws(PostgresError) -> Self
}

extension PostgresDecodable where Self: RawRepresentable, RawValue: PostgresDecodable {
  public static func decode(_ field: PostgresField) throws(PostgresError) -> Self {
    guard let value = Self(rawValue: try RawValue.decode(field)) else {
      throw PostgresError(.invalidRow, "no \(Self.self) of that name")
    }
    return value
  }
}

extension PostgresField {
  func anyInteger() throws(PostgresError) -> Int64 {
    switch type {
    case PostgresType.int8.oid: if let value: Int64 = integer() { return value }
    case PostgresType.int4.oid: if let value: Int32 = integer() { return Int64(value) }
    case PostgresType.int2.oid: if let value: Int16 = integer() { return Int64(value) }
    default: break
    }
    throw mismatch("an integer")
  }

  func exactly<T: FixedWidthInteger>(_: T.Type) throws(PostgresError) -> T {
    guard let value = T(exactly: try anyInteger()) else { throw mismatch("an integer of \(T.bitWidth) bits") }
    return value
  }

  func fixed<T: FixedWidthInteger>(_: T.Type, _ type: PostgresType, _ expected: String) throws(PostgresError) -> T {
    guard self.type == type.oid, let value: T = integer() else { throw mismatch(expected) }
    return value
  }
}

extension Int: PostgresDecodable {
  public static func decode(_ field: PostgresField) throws(PostgresError) -> Int { Int(try field.anyInteger()) }
}

extension Int64: PostgresDecodable {
  public static func decode(_ field: PostgresField) throws(PostgresError) -> Int64 { try field.anyInteger() }
}

extension Int32: PostgresDecodable {
  public static func decode(_ field: PostgresField) throws(PostgresError) -> Int32 { try field.exactly(Int32.self) }
}

extension Int16: PostgresDecodable {
  public static func decode(_ field: PostgresField) throws(PostgresError) -> Int16 { try field.exactly(Int16.self) }
}

extension Bool: PostgresDecodable {
  public static func decode(_ field: PostgresField) throws(PostgresError) -> Bool {
    try field.fixed(UInt8.self, .bool, "a bool") != 0
  }
}

extension Double: PostgresDecodable {
  public static func decode(_ field: PostgresField) throws(PostgresError) -> Double {
    switch field.type {
    case PostgresType.float8.oid: if let bits: UInt64 = field.integer() { return Double(bitPattern: bits) }
    case PostgresType.float4.oid: if let bits: UInt32 = field.integer() { return Double(Float(bitPattern: bits)) }
    default: break
    }
    throw field.mismatch("a double")
  }
}

extension String: PostgresDecodable {
  public static func decode(_ field: PostgresField) throws(PostgresError) -> String {
    guard PostgresType(oid: field.type, arrayOID: 0).isTextual else { throw field.mismatch("text") }
    return String(decoding: field.bytes, as: UTF8.self)
  }
}

extension UniqueID: PostgresDecodable {
  public static func decode(_ field: PostgresField) throws(PostgresError) -> UniqueID {
    let high = try field.fixed(UInt64.self, .uuid, "a uuid")
    guard let low: UInt64 = field.integer(at: 8) else { throw field.mismatch("a uuid") }
    return UniqueID(high: high, low: low)
  }
}

extension Identifier: PostgresDecodable {
  public static func decode(_ field: PostgresField) throws(PostgresError) -> Identifier {
    Identifier(try UniqueID.decode(field))
  }
}

/// `infinity` and `-infinity` are `distantFuture` and `distantPast`.
extension Instant: PostgresDecodable {
  public static func decode(_ field: PostgresField) throws(PostgresError) -> Instant {
    switch try field.fixed(Int64.self, .timestamptz, "a timestamp with time zone") {
    case .max: return .distantFuture
    case .min: return .distantPast
    case let value:
      let (sum, overflow) = value.addingReportingOverflow(postgresEpochMicroseconds)
      if overflow { return .distantFuture }
      return Instant(microsecondsSince1970: sum)
    }
  }
}

extension CivilDate: PostgresDecodable {
  public static func decode(_ field: PostgresField) throws(PostgresError) -> CivilDate {
    let days = try field.fixed(Int32.self, .date, "a date")
    guard days != .max, days != .min else { throw field.mismatch("a finite date") }
    return CivilDate(daysSince1970: Int(days) + postgresEpochDays)
  }
}

/// Days count 24 hours; intervals with months are refused, because a month has no length.
extension Duration: PostgresDecodable {
  public static func decode(_ field: PostgresField) throws(PostgresError) -> Duration {
    let microseconds = try field.fixed(Int64.self, .interval, "an interval")
    guard let days: Int32 = field.integer(at: 8), let months: Int32 = field.integer(at: 12), months == 0 else {
      throw field.mismatch("an interval without months")
    }
    return .microseconds(microseconds) + .seconds(Int64(days) * 86_400)
  }
}

extension JSONValue: PostgresDecodable {
  public static func decode(_ field: PostgresField) throws(PostgresError) -> JSONValue {
    var bytes = field.bytes
    switch field.type {
    case PostgresType.json.oid: break
    case PostgresType.jsonb.oid:
      guard bytes.first == 1 else { throw field.mismatch("jsonb of version 1") }
      bytes = UnsafeRawBufferPointer(rebasing: bytes.dropFirst())
    default: throw field.mismatch("json")
    }
    do {
      return try JSONValue.parse(bytes)
    } catch {
      throw PostgresError(.invalidRow, "\(error)")
    }
  }
}

extension PostgresTransactionID: PostgresDecodable {
  public static func decode(_ field: PostgresField) throws(PostgresError) -> PostgresTransactionID {
    PostgresTransactionID(try field.fixed(UInt64.self, .xid8, "an xid8"))
  }
}
