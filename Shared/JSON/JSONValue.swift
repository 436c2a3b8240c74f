/// Any JSON value (RFC 8259).
///
/// Numbers that are written without fraction or exponent and fit `Int64` are `.integer`, all others `.number`; the two
/// are different values even when equal (`1` and `1.0`).
public enum JSONValue: Hashable, Sendable {
  case null
  case bool(Bool)
  case integer(Int64)
  /// Finite when it comes from the parser. Infinities and NaN are written as `null`.
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object(JSONObject)
}

extension JSONValue {
  /// The value of a key; nil when this is no object or has no such key.
  public subscript(key: String) -> JSONValue? {
    guard case .object(let object) = self else { return nil }
    return object[key]
  }

  /// The element at `index`; nil when this is no array or has none there.
  public subscript(index: Int) -> JSONValue? {
    guard case .array(let elements) = self, elements.indices.contains(index) else { return nil }
    return elements[index]
  }

  public var isNull: Bool { self == .null }

  public var boolValue: Bool? {
    guard case .bool(let value) = self else { return nil }
    return value
  }

  /// The integer, also of a number without fraction that an `Int` holds exactly (`2.0`, `1e3`).
  public var intValue: Int? {
    switch self {
    case .integer(let value): return Int(value)
    case .number(let value): return Int(exactly: value)
    case .null, .bool, .string, .array, .object: return nil
    }
  }

  public var doubleValue: Double? {
    switch self {
    case .integer(let value): return Double(value)
    case .number(let value): return value
    case .null, .bool, .string, .array, .object: return nil
    }
  }

  public var stringValue: String? {
    guard case .string(let value) = self else { return nil }
    return value
  }

  public var arrayValue: [JSONValue]? {
    guard case .array(let value) = self else { return nil }
    return value
  }

  public var objectValue: JSONObject? {
    guard case .object(let value) = self else { return nil }
    return value
  }

  /// What kind of value this is, for messages to people: "an object", "a string".
  public var kind: String {
    switch self {
    case .null: return "null"
    case .bool: return "a boolean"
    case .integer, .number: return "a number"
    case .string: return "a string"
    case .array: return "an array"
    case .object: return "an object"
    }
  }
}

extension JSONValue: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByFloatLiteral, ExpressibleByStringInterpolation, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  public init(nilLiteral: ()) { self = .null }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  public init(integerLiteral value: Int64) { self = .integer(value) }
  public init(floatLiteral value: Double) { self = .number(value) }
  public init(stringLiteral value: String) { self = .string(value) }
  public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
  public init(dictionaryLiteral elements: (String, JSONValue)...) { self = .object(JSONObject(elements)) }
}

extension JSONValue {
  public init(_ value: Bool) { self = .bool(value) }
  public init(_ value: String) { self = .string(value) }
  public init(_ value: Int) { self = .integer(Int64(value)) }
  public init(_ value: Int32) { self = .integer(Int64(value)) }
  public init(_ value: Int64) { self = .integer(value) }
  public init(_ value: Double) { self = .number(value) }
  public init(_ value: [JSONValue]) { self = .array(value) }
  public init(_ value: JSONObject) { self = .object(value) }
}

extension JSONValue: CustomStringConvertible {
  public var description: String { serialize() }
}
