internal import Core
package import JSON

extension WireJSON {
  package static func json(_ value: Bool) -> JSONValue { .bool(value) }
  package static func json(_ value: Int32) -> JSONValue { .integer(Int64(value)) }
  package static func json(_ value: UInt32) -> JSONValue { .integer(Int64(value)) }
  package static func json(_ value: String) -> JSONValue { .string(value) }

  // A string, because JSON numbers are doubles to many readers.
  package static func json(_ value: Int64) -> JSONValue { .string(String(value)) }
  package static func json(_ value: UInt64) -> JSONValue { .string(String(value)) }

  package static func json(_ value: [UInt8]) -> JSONValue { .string(Base64.encode(value)) }

  package static func json(_ value: Double) -> JSONValue {
    if value.isFinite { return .number(value) }
    return .string(value.isNaN ? "NaN" : value < 0 ? "-Infinity" : "Infinity")
  }

  /// The double whose shortest text is the float's: 0.1 stays 0.1.
  package static func json(_ value: Float) -> JSONValue {
    json(Double(value.description) ?? Double(value))
  }

  package static func json<Value: WireEnum>(_ value: Value) -> JSONValue {
    value.protoName.map { .string($0) } ?? .integer(Int64(value.rawValue))
  }

  /// In the order of the keys.
  package static func map<Key: Comparable & LosslessStringConvertible, Value>(
    _ map: [Key: Value], _ element: (Value) -> JSONValue
  ) -> JSONValue {
    var object = JSONObject()
    for key in map.keys.sorted() { object[String(key)] = map[key].map(element) }
    return .object(object)
  }

  package static func map<Value>(_ map: [Bool: Value], _ element: (Value) -> JSONValue) -> JSONValue {
    var object = JSONObject()
    for key in WireMap.sortedKeys(map) { object[String(key)] = map[key].map(element) }
    return .object(object)
  }
}
