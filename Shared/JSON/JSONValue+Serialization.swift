import Core

extension JSONValue {
  /// JSON text: compact on one line, or with `pretty` indented by two spaces.
  public func serialize(pretty: Bool = false) -> String {
    String(decoding: serializedBytes(pretty: pretty), as: UTF8.self)
  }

  public func serializedBytes(pretty: Bool = false) -> [UInt8] {
    if pretty {
      var bytes: [UInt8] = []
      appendIndented(to: &bytes, level: 0)
      return bytes
    }
    var writer = JSONWriter()
    writer.value(self)
    return writer.bytes
  }

  private func appendIndented(to bytes: inout [UInt8], level: Int) {
    func startLine(_ level: Int) {
      bytes.append(UInt8(ascii: "\n"))
      bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: level * 2))
    }
    switch self {
    case .array(let elements) where !elements.isEmpty:
      bytes.append(UInt8(ascii: "["))
      for (index, element) in elements.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        startLine(level + 1)
        element.appendIndented(to: &bytes, level: level + 1)
      }
      startLine(level)
      bytes.append(UInt8(ascii: "]"))
    case .object(let object) where !object.isEmpty:
      bytes.append(UInt8(ascii: "{"))
      for (index, member) in object.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        startLine(level + 1)
        JSONText.appendString(member.key, to: &bytes)
        bytes.append(contentsOf: ": ".utf8)
        member.value.appendIndented(to: &bytes, level: level + 1)
      }
      startLine(level)
      bytes.append(UInt8(ascii: "}"))
    case .null, .bool, .integer, .number, .string, .array, .object:
      bytes.append(contentsOf: serializedBytes())
    }
  }
}
