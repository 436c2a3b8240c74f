public import Core
public import JSON

/// A value that can be a parameter of a query.
///
/// Conforming types outside this module are enumerations with a raw value: `extension CallState: PostgresEncodable {}`.
public protocol PostgresEncodable: Sendable {
  /// How the parameter is declared to the server. Where the column differs, the query casts: `$1::dialer.state`.
  static var postgresType: PostgresType { get }

  /// Appends the binary form of `postgresType`, without its length.
  func encode(into buffer: inout PostgresBuffer)

  /// Appends the binary form for a column of type `oid`, for COPY, where the server casts nothing.
  ///
  /// - Returns: False when this value does not fit that type; then nothing was appended.
  func encode(into buffer: inout PostgresBuffer, columnType oid: UInt32) -> Bool
}

extension PostgresEncodable {
  @inlinable public func encode(into buffer: inout PostgresBuffer, columnType oid: UInt32) -> Bool {
    guard oid == Self.postgresType.oid else { return false }
    encode(into: &buffer)
    return true
  }
}

extension PostgresEncodable where Self: RawRepresentable, RawValue: PostgresEncodable {
  public static var postgresType: PostgresType { RawValue.postgresType }
  public func encode(into buffer: inout PostgresBuffer) { rawValue.encode(into: &buffer) }
  public func encode(into buffer: inout PostgresBuffer, columnType oid: UInt32) -> Bool {
    rawValue.encode(into: &buffer, columnType: oid)
  }
}

/// An integer for a column of `oid`; false when it is no integer's column or the number does not fit it.
@inlinable func encodeInteger(_ value: Int64, into buffer: inout PostgresBuffer, columnType oid: UInt32) -> Bool {
  switch oid {
  case 20:
    buffer.append(value)
  case 23:
    guard let narrow = Int32(exactly: value) else { return false }
    buffer.append(narrow)
  case 21:
    guard let narrow = Int16(exactly: value) else { return false }
    buffer.append(narrow)
  default:
    return false
  }
  return true
}

extension Int: PostgresEncodable {
  @inlinable public static var postgresType: PostgresType { .int8 }
  @inlinable public func encode(into buffer: inout PostgresBuffer) { buffer.append(Int64(self)) }
  @inlinable public func encode(into buffer: inout PostgresBuffer, columnType oid: UInt32) -> Bool {
    encodeInteger(Int64(self), into: &buffer, columnType: oid)
  }
}

extension Int64: PostgresEncodable {
  @inlinable public static var postgresType: PostgresType { .int8 }
  @inlinable public func encode(into buffer: inout PostgresBuffer) { buffer.append(self) }
  @inlinable public func encode(into buffer: inout PostgresBuffer, columnType oid: UInt32) -> Bool {
    encodeInteger(self, into: &buffer, columnType: oid)
  }
}

extension Int32: PostgresEncodable {
  @inlinable public static var postgresType: PostgresType { .int4 }
  @inlinable public func encode(into buffer: inout PostgresBuffer) { buffer.append(self) }
  @inlinable public func encode(into buffer: inout PostgresBuffer, columnType oid: UInt32) -> Bool {
    encodeInteger(Int64(self), into: &buffer, columnType: oid)
  }
}

extension Int16: PostgresEncodable {
  @inlinable public static var postgresType: PostgresType { .int2 }
  @inlinable public func encode(into buffer: inout PostgresBuffer) { buffer.append(self) }
  @inlinable public func encode(into buffer: inout PostgresBuffer, columnType oid: UInt32) -> Bool {
    encodeInteger(Int64(self), into: &buffer, columnType: oid)
  }
}

extension Bool: PostgresEncodable {
  @inlinable public static var postgresType: PostgresType { .bool }
  @inlinable public func encode(into buffer: inout PostgresBuffer) { buffer.append(byte: self ? 1 : 0) }
}

extension Double: PostgresEncodable {
  @inlinable public static var postgresType: PostgresType { .float8 }
  @inlinable public func encode(into buffer: inout PostgresBuffer) { buffer.append(bitPattern) }
  @inlinable public func encode(into buffer: inout PostgresBuffer, columnType oid: UInt32) -> Bool {
    switch oid {
    case 701: buffer.append(bitPattern)
    case 700: buffer.append(Float(self).bitPattern)
    default: return false
    }
    return true
  }
}

/// Text may not hold U+0000: the server refuses it (`invalidValue`).
extension String: PostgresEncodable {
  @inlinable public static var postgresType: PostgresType { .text }
  @inlinable public func encode(into buffer: inout PostgresBuffer) { buffer.append(utf8: self) }
  @inlinable public func encode(into buffer: inout PostgresBuffer, columnType oid: UInt32) -> Bool {
    guard oid == 25 || PostgresType(oid: oid, arrayOID: 0).isTextual else { return false }
    buffer.append(utf8: self)
    return true
  }
}

extension UniqueID: PostgresEncodable {
  @inlinable public static var postgresType: PostgresType { .uuid }
  @inlinable public func encode(into buffer: inout PostgresBuffer) {
    buffer.append(high)
    buffer.append(low)
  }
}

extension Identifier: PostgresEncodable {
  @inlinable public static var postgresType: PostgresType { .uuid }
  @inlinable public func encode(into buffer: inout PostgresBuffer) { value.encode(into: &buffer) }
}

/// Microseconds from 1970 to the server's own epoch, 2000-01-01 (`POSTGRES_EPOCH_JDATE`).
@usableFromInline let postgresEpochMicroseconds: Int64 = 946_684_800_000_000
/// Days from 1970-01-01 to 2000-01-01.
let postgresEpochDays = 10_957

extension Instant: PostgresEncodable {
  @inlinable public static var postgresType: PostgresType { .timestamptz }
  @inlinable public func encode(into buffer: inout PostgresBuffer) {
    buffer.append(microsecondsSince1970 &- postgresEpochMicroseconds)
  }
}

extension CivilDate: PostgresEncodable {
  public static var postgresType: PostgresType { .date }
  public func encode(into buffer: inout PostgresBuffer) {
    buffer.append(Int32(clamping: daysSince1970 - postgresEpochDays))
  }
}

/// An interval of microseconds, without months and days.
extension Duration: PostgresEncodable {
  public static var postgresType: PostgresType { .interval }
  public func encode(into buffer: inout PostgresBuffer) {
    buffer.append(microseconds)
    buffer.append(Int64(0))
  }
}

extension JSONValue: PostgresEncodable {
  public static var postgresType: PostgresType { .jsonb }
  public func encode(into buffer: inout PostgresBuffer) {
    buffer.append(byte: 1)  // Version of jsonb's binary form.
    buffer.append(serializedBytes())
  }
  public func encode(into buffer: inout PostgresBuffer, columnType oid: UInt32) -> Bool {
    switch oid {
    case PostgresType.jsonb.oid: encode(into: &buffer)
    case PostgresType.json.oid: buffer.append(serializedBytes())
    default: return false
    }
    return true
  }
}

extension PostgresTransactionID: PostgresEncodable {
  public static var postgresType: PostgresType { .xid8 }
  public func encode(into buffer: inout PostgresBuffer) { buffer.append(value) }
}
