public import Core
public import JSON

/// A value of which arrays can be sent and read. `[UInt8]` is no array of the server but its `bytea`.
public protocol PostgresArrayElement: Sendable {
  static var arrayPostgresType: PostgresType { get }
  static func encodeArray(_ elements: [Self], into buffer: inout PostgresBuffer)
  static func decodeArray(_ field: PostgresField) throws(PostgresError) -> [Self]
}

extension PostgresArrayElement where Self: PostgresEncodable & PostgresDecodable {
  public static var arrayPostgresType: PostgresType { PostgresType(oid: postgresType.arrayOID, arrayOID: 0) }

  public static func encodeArray(_ elements: [Self], into buffer: inout PostgresBuffer) {
    appendArrayHeader(count: elements.count, hasNulls: false, element: postgresType, to: &buffer)
    for element in elements { buffer.appendCounted { element.encode(into: &$0) } }
  }

  public static func decodeArray(_ field: PostgresField) throws(PostgresError) -> [Self] {
    var elements: [Self] = []
    try readArray(field) { (element) throws(PostgresError) in
      guard let element else { throw field.mismatch("an array without nulls") }
      elements.append(try Self.decode(element))
    }
    return elements
  }
}

extension Optional: PostgresArrayElement where Wrapped: PostgresArrayElement & PostgresEncodable & PostgresDecodable {
  public static var arrayPostgresType: PostgresType { Wrapped.arrayPostgresType }

  public static func encodeArray(_ elements: [Wrapped?], into buffer: inout PostgresBuffer) {
    let hasNulls = elements.contains { $0 == nil }
    appendArrayHeader(count: elements.count, hasNulls: hasNulls, element: Wrapped.postgresType, to: &buffer)
    for element in elements {
      if let element { buffer.appendCounted { element.encode(into: &$0) } } else { buffer.append(Int32(-1)) }
    }
  }

  public static func decodeArray(_ field: PostgresField) throws(PostgresError) -> [Wrapped?] {
    var elements: [Wrapped?] = []
    try readArray(field) { (element) throws(PostgresError) in
      if let element { elements.append(try Wrapped.decode(element)) } else { elements.append(nil) }
    }
    return elements
  }
}

extension UInt8: PostgresArrayElement {
  public static var arrayPostgresType: PostgresType { .bytea }
  public static func encodeArray(_ elements: [UInt8], into buffer: inout PostgresBuffer) { buffer.append(elements) }
  public static func decodeArray(_ field: PostgresField) throws(PostgresError) -> [UInt8] {
    guard field.type == PostgresType.bytea.oid else { throw field.mismatch("bytea") }
    return Array(field.bytes)
  }
}

extension Array: PostgresEncodable where Element: PostgresArrayElement {
  public static var postgresType: PostgresType { Element.arrayPostgresType }
  public func encode(into buffer: inout PostgresBuffer) { Element.encodeArray(self, into: &buffer) }
}

extension Array: PostgresDecodable where Element: PostgresArrayElement {
  public static func decode(_ field: PostgresField) throws(PostgresError) -> [Element] {
    try Element.decodeArray(field)
  }
}

extension Int: PostgresArrayElement {}
extension Int64: PostgresArrayElement {}
extension Int32: PostgresArrayElement {}
extension Int16: PostgresArrayElement {}
extension Bool: PostgresArrayElement {}
extension Double: PostgresArrayElement {}
extension String: PostgresArrayElement {}
extension UniqueID: PostgresArrayElement {}
extension Identifier: PostgresArrayElement {}
extension Instant: PostgresArrayElement {}
extension CivilDate: PostgresArrayElement {}
extension Duration: PostgresArrayElement {}
extension JSONValue: PostgresArrayElement {}
extension PostgresTransactionID: PostgresArrayElement {}

/// Arrays of `bytea`.
extension Array: PostgresArrayElement where Element == UInt8 {}

/// One dimension, starting at 1 (`array_recv` in the server's `arrayfuncs.c`).
private func appendArrayHeader(count: Int, hasNulls: Bool, element: PostgresType, to buffer: inout PostgresBuffer) {
  buffer.append(Int32(count == 0 ? 0 : 1))
  buffer.append(Int32(hasNulls ? 1 : 0))
  buffer.append(element.oid)
  guard count > 0 else { return }
  buffer.append(Int32(clamping: count))
  buffer.append(Int32(1))
}

private func readArray(
  _ field: PostgresField, _ body: (PostgresField?) throws(PostgresError) -> Void
) throws(PostgresError) {
  var offset = 0
  func word() throws(PostgresError) -> Int32 {
    guard let value: Int32 = field.integer(at: offset) else { throw field.mismatch("an array") }
    offset += 4
    return value
  }
  let dimensions = try word()
  _ = try word()
  let type = UInt32(bitPattern: try word())
  if dimensions == 0 { return }
  guard dimensions == 1 else { throw field.mismatch("an array of one dimension") }
  let count = try word()
  _ = try word()
  for _ in 0..<max(0, count) {
    let length = Int(try word())
    if length < 0 {
      try body(nil)
      continue
    }
    guard offset + length <= field.bytes.count else { throw field.mismatch("an array") }
    try body(PostgresField(bytes: UnsafeRawBufferPointer(rebasing: field.bytes[offset..<offset + length]), type: type))
    offset += length
  }
}
