internal import Core
package import JSON

/// Values of fields from JSON. For generated code, which adds the paths.
package enum WireJSON {
  package static func object(_ value: JSONValue) throws(WireJSONError) -> JSONObject {
    guard case .object(let object) = value else { throw expected("an object", value) }
    return object
  }

  package static func bool(_ value: JSONValue) throws(WireJSONError) -> Bool {
    guard case .bool(let bool) = value else { throw expected("a boolean", value) }
    return bool
  }

  package static func int32(_ value: JSONValue) throws(WireJSONError) -> Int32 { try integer(value) }
  package static func int64(_ value: JSONValue) throws(WireJSONError) -> Int64 { try integer(value) }
  package static func uint32(_ value: JSONValue) throws(WireJSONError) -> UInt32 { try integer(value) }
  package static func uint64(_ value: JSONValue) throws(WireJSONError) -> UInt64 { try integer(value) }

  package static func double(_ value: JSONValue) throws(WireJSONError) -> Double {
    switch value {
    case .integer(let number): return Double(number)
    case .number(let number): return number
    case .string("NaN"): return .nan
    case .string("Infinity"): return .infinity
    case .string("-Infinity"): return -.infinity
    case .string(let text):
      guard let number = Double(text), number.isFinite, isDecimal(text) else {
        throw WireJSONError(message: "expected a number, found the string \(quoted(text))")
      }
      return number
    case .null, .bool, .array, .object: throw expected("a number", value)
    }
  }

  package static func float(_ value: JSONValue) throws(WireJSONError) -> Float {
    let number = try double(value)
    let float = Float(number)
    if number.isFinite && !float.isFinite { throw WireJSONError(message: "\(number) is too large for a float") }
    return float
  }

  package static func string(_ value: JSONValue) throws(WireJSONError) -> String {
    guard case .string(let text) = value else { throw expected("a string", value) }
    return try withoutNUL(text)
  }

  package static func bytes(_ value: JSONValue) throws(WireJSONError) -> [UInt8] {
    guard case .string(let text) = value else { throw expected("a string in base 64", value) }
    guard let bytes = Base64.decode(text) else { throw WireJSONError(message: "not base 64") }
    return bytes
  }

  package static func enumeration<Value: WireEnum>(_ value: JSONValue, of _: Value.Type) throws(WireJSONError) -> Value
  {
    switch value {
    case .integer, .number: return Value(rawValue: try int32(value))
    case .string(let name):
      if let known = Value(protoName: name) { return known }
      let names = Value.allCases.compactMap(\.protoName).joined(separator: ", ")
      throw WireJSONError(message: "\(quoted(name)) is no \(Value.fullName); expected one of \(names)")
    case .null, .bool, .array, .object: throw expected("a name or number of \(Value.fullName)", value)
    }
  }

  package static func array<Element>(
    _ value: JSONValue, _ element: (JSONValue) throws(WireJSONError) -> Element
  ) throws(WireJSONError) -> [Element] {
    guard case .array(let items) = value else { throw expected("an array", value) }
    var result: [Element] = []
    result.reserveCapacity(items.count)
    for (index, item) in items.enumerated() {
      do throws(WireJSONError) {
        result.append(try element(item))
      } catch {
        throw error.inside("[\(index)]")
      }
    }
    return result
  }

  package static func map<Key: Hashable, Value>(
    _ value: JSONValue, key: (String) throws(WireJSONError) -> Key,
    _ element: (JSONValue) throws(WireJSONError) -> Value
  ) throws(WireJSONError) -> [Key: Value] {
    var result: [Key: Value] = [:]
    for (name, item) in try object(value) {
      do throws(WireJSONError) {
        result[try key(name)] = try element(item)
      } catch {
        throw error.inside("[\(quoted(name))]")
      }
    }
    return result
  }

  // MARK: - Keys of maps

  package static func stringKey(_ key: String) throws(WireJSONError) -> String { try withoutNUL(key) }
  package static func int32Key(_ key: String) throws(WireJSONError) -> Int32 { try integer(key) }
  package static func int64Key(_ key: String) throws(WireJSONError) -> Int64 { try integer(key) }
  package static func uint32Key(_ key: String) throws(WireJSONError) -> UInt32 { try integer(key) }
  package static func uint64Key(_ key: String) throws(WireJSONError) -> UInt64 { try integer(key) }

  package static func boolKey(_ key: String) throws(WireJSONError) -> Bool {
    switch key {
    case "true": return true
    case "false": return false
    default: throw WireJSONError(message: "expected the key true or false")
    }
  }

  // MARK: - Faults

  package static func unknownField(of message: String) -> WireJSONError {
    WireJSONError(message: "\(message) has no such field")
  }

  package static func twice(as name: String) -> WireJSONError {
    WireJSONError(message: "given twice, also as \(name)")
  }

  package static func twice(oneof: String) -> WireJSONError {
    WireJSONError(message: "another member of \(oneof) is given already; it takes one")
  }

  static func expected(_ what: String, _ value: JSONValue) -> WireJSONError {
    let found =
      switch value {
      case .null: "null"
      case .bool: "boolean"
      case .integer, .number: "number"
      case .string: "string"
      case .array: "array"
      case .object: "object"
      }
    return WireJSONError(message: "expected \(what), found \(found)")
  }

  /// At most 40 characters of it: messages end up on screens and in logs.
  static func quoted(_ text: String) -> String {
    text.count > 40 ? "\"\(text.prefix(40))…\"" : "\"\(text)\""
  }

  // MARK: - Helpers

  private static func integer<Number: FixedWidthInteger>(_ value: JSONValue) throws(WireJSONError) -> Number {
    switch value {
    case .integer(let integer):
      guard let number = Number(exactly: integer) else { throw outOfRange("\(integer)", Number.self) }
      return number
    case .number(let double):
      guard double.rounded(.towardZero) == double else {
        throw WireJSONError(message: "expected an integer, found \(double)")
      }
      guard let number = Number(exactly: double) else { throw outOfRange("\(double)", Number.self) }
      return number
    case .string(let text):
      guard text.utf8.contains(where: { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
        throw expected("an integer", value)
      }
      return try integer(text)
    case .null, .bool, .array, .object: throw expected("an integer", value)
    }
  }

  private static func integer<Number: FixedWidthInteger>(_ text: String) throws(WireJSONError) -> Number {
    if let number = Number(text) { return number }
    let digits = text.utf8.drop { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "+") }
    guard !digits.isEmpty, digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
      throw WireJSONError(message: "expected an integer, found the string \(quoted(text))")
    }
    throw outOfRange(text, Number.self)
  }

  private static func outOfRange<Number: FixedWidthInteger>(_ text: String, _: Number.Type) -> WireJSONError {
    WireJSONError(message: "\(text) is not between \(Number.min) and \(Number.max)")
  }

  /// `Double` reads more than JSON writes: hexadecimal, "inf", "nan".
  private static func isDecimal(_ text: String) -> Bool {
    text.utf8.allSatisfy { byte in
      (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "+-.eE".utf8.contains(byte)
    }
  }

  private static func withoutNUL(_ text: String) throws(WireJSONError) -> String {
    if text.utf8.contains(0) { throw WireJSONError(message: "holds a NUL character") }
    return text
  }
}
