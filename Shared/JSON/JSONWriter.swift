import Core

/// Writes JSON straight into a byte array, without values in between: for hot paths.
///
/// Commas and colons are the writer's business; that begins match ends, and that each member has a key and a value, is
/// the caller's.
public struct JSONWriter: Sendable {
  /// What has been written so far.
  public private(set) var bytes: [UInt8]
  private var needsComma = false

  /// - Parameter bytes: Written after, so that a buffer can be used again.
  public init(appendingTo bytes: [UInt8] = []) {
    self.bytes = bytes
  }

  public mutating func beginObject() { begin(UInt8(ascii: "{")) }
  public mutating func endObject() { end(UInt8(ascii: "}")) }
  public mutating func beginArray() { begin(UInt8(ascii: "[")) }
  public mutating func endArray() { end(UInt8(ascii: "]")) }

  /// The name of the member whose value comes next.
  public mutating func key(_ name: String) {
    separate()
    JSONText.appendString(name, to: &bytes)
    bytes.append(UInt8(ascii: ":"))
    needsComma = false
  }

  public mutating func string(_ value: String) {
    separate()
    JSONText.appendString(value, to: &bytes)
  }

  public mutating func integer(_ value: Int64) {
    separate()
    JSONText.appendInteger(value, to: &bytes)
  }

  public mutating func integer(_ value: Int) { integer(Int64(value)) }

  /// Infinities and NaN become `null`.
  public mutating func number(_ value: Double) {
    separate()
    JSONText.appendNumber(value, to: &bytes)
  }

  public mutating func bool(_ value: Bool) {
    separate()
    bytes.append(contentsOf: (value ? "true" : "false").utf8)
  }

  public mutating func null() {
    separate()
    bytes.append(contentsOf: "null".utf8)
  }

  /// `bytes` in base 64, as protobuf's JSON writes them.
  public mutating func base64(_ value: [UInt8]) {
    separate()
    bytes.append(UInt8(ascii: "\""))
    Base64.append(value, to: &bytes)
    bytes.append(UInt8(ascii: "\""))
  }

  /// A value that is JSON already.
  public mutating func raw(_ json: some Sequence<UInt8>) {
    separate()
    bytes.append(contentsOf: json)
  }

  public mutating func value(_ value: JSONValue) {
    switch value {
    case .null: null()
    case .bool(let value): bool(value)
    case .integer(let value): integer(value)
    case .number(let value): number(value)
    case .string(let value): string(value)
    case .array(let elements):
      beginArray()
      for element in elements { self.value(element) }
      endArray()
    case .object(let object):
      beginObject()
      for (key, member) in object {
        self.key(key)
        self.value(member)
      }
      endObject()
    }
  }

  private mutating func begin(_ bracket: UInt8) {
    separate()
    bytes.append(bracket)
    needsComma = false
  }

  private mutating func end(_ bracket: UInt8) {
    bytes.append(bracket)
    needsComma = true
  }

  private mutating func separate() {
    if needsComma { bytes.append(UInt8(ascii: ",")) }
    needsComma = true
  }
}

// MARK: - Members in one call

extension JSONWriter {
  public mutating func member(_ name: String, _ value: String) {
    key(name)
    string(value)
  }

  public mutating func member(_ name: String, _ value: Int) {
    key(name)
    integer(value)
  }

  public mutating func member(_ name: String, _ value: Double) {
    key(name)
    number(value)
  }

  public mutating func member(_ name: String, _ value: Bool) {
    key(name)
    bool(value)
  }

  public mutating func member(_ name: String, _ value: JSONValue) {
    key(name)
    self.value(value)
  }
}
