/// An element of a small XML document.
struct XMLElement: Hashable, Sendable {
  var name: String
  var attributes: [String: String]
  var children: [XMLElement] = []
  /// Character data directly in it, trimmed.
  var text = ""
}

/// Reads XML documents of TwiML's size: elements, attributes, text, CDATA, comments, the five entities and character
/// references. No document types, so nothing expands.
struct XMLReader {
  struct Fault: Error, Hashable, Sendable {
    var message: String
    /// Byte offset.
    var offset: Int
  }

  /// Twilio refuses larger documents (11750).
  static let sizeLimit = 64 * 1024
  static let depthLimit = 16
  static let elementLimit = 1_000

  private let bytes: [UInt8]
  private var position = 0
  private var open: [XMLElement] = []
  private var elements = 0

  static func read(_ bytes: [UInt8]) throws(Fault) -> XMLElement {
    guard bytes.count <= sizeLimit else { throw Fault(message: "The document is too large.", offset: 0) }
    var reader = XMLReader(bytes: bytes)
    return try reader.document()
  }

  private init(bytes: [UInt8]) {
    self.bytes = bytes
  }

  private mutating func document() throws(Fault) -> XMLElement {
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    var root: XMLElement?
    while position < bytes.count {
      guard bytes[position] == UInt8(ascii: "<") else {
        let text = try characters()
        if open.isEmpty {
          guard text.allSatisfy(\.isWhitespace) else { throw fault("Text stands outside of the root element.") }
        } else {
          open[open.count - 1].text += text
        }
        continue
      }
      if let closed = try markup() {
        if open.isEmpty {
          guard root == nil else { throw fault("There is more than one root element.") }
          root = closed
        } else {
          open[open.count - 1].children.append(closed)
        }
      }
    }
    guard open.isEmpty, let root else { throw fault("The document ends before its root element.") }
    return root
  }

  /// Reads one piece of markup; an element when it is complete.
  private mutating func markup() throws(Fault) -> XMLElement? {
    if skip("<!--") {
      _ = try until("-->")
      return nil
    }
    if skip("<?") {
      _ = try until("?>")
      return nil
    }
    if skip("<![CDATA[") {
      guard !open.isEmpty else { throw fault("CDATA stands outside of the root element.") }
      open[open.count - 1].text += try until("]]>")
      return nil
    }
    if skip("</") {
      let name = try self.name()
      skipSpace()
      guard skip(">"), var element = open.popLast(), element.name == name else {
        throw fault("</\(name)> closes nothing.")
      }
      element.text = element.text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
      return element
    }
    guard skip("<"), position < bytes.count, bytes[position] != UInt8(ascii: "!") else {
      throw fault("Document types are not read.")
    }
    return try element()
  }

  private mutating func element() throws(Fault) -> XMLElement? {
    elements += 1
    guard elements <= XMLReader.elementLimit, open.count < XMLReader.depthLimit else {
      throw fault("The document has too many elements.")
    }
    var element = XMLElement(name: try name(), attributes: [:])
    while true {
      skipSpace()
      if skip("/>") { return element }
      if skip(">") {
        open.append(element)
        return nil
      }
      let key = try name()
      skipSpace()
      guard skip("=") else { throw fault("An attribute has no value.") }
      skipSpace()
      guard position < bytes.count, [UInt8(ascii: "\""), UInt8(ascii: "'")].contains(bytes[position]) else {
        throw fault("An attribute's value is not quoted.")
      }
      let quote = String(UnicodeScalar(bytes[position]))
      position += 1
      let raw = try until(quote)
      guard element.attributes.updateValue(try expand(raw), forKey: key) == nil else {
        throw fault("An attribute stands twice.")
      }
    }
  }

  private mutating func characters() throws(Fault) -> String {
    let start = position
    while position < bytes.count, bytes[position] != UInt8(ascii: "<") { position += 1 }
    return try expand(String(decoding: bytes[start..<position], as: UTF8.self))
  }

  private func expand(_ text: String) throws(Fault) -> String {
    guard text.contains("&") else { return text }
    var result = ""
    var rest = text[...]
    while let start = rest.firstIndex(of: "&") {
      result += rest[..<start]
      guard let end = rest[start...].firstIndex(of: ";") else { throw fault("An entity has no end.") }
      let name = rest[rest.index(after: start)..<end]
      switch name {
      case "amp": result += "&"
      case "lt": result += "<"
      case "gt": result += ">"
      case "quot": result += "\""
      case "apos": result += "'"
      default:
        let isHex = name.hasPrefix("#x")
        guard name.hasPrefix("#"), let code = UInt32(name.dropFirst(isHex ? 2 : 1), radix: isHex ? 16 : 10),
          let scalar = UnicodeScalar(code), code != 0
        else { throw fault("The entity &\(name); is not known.") }
        result.unicodeScalars.append(scalar)
      }
      rest = rest[rest.index(after: end)...]
    }
    return result + rest
  }

  private mutating func name() throws(Fault) -> String {
    let start = position
    while position < bytes.count, XMLReader.isNameByte(bytes[position]) { position += 1 }
    guard position > start else { throw fault("A name is missing.") }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"),
      UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: ":"), 0x80...0xFF:
      true
    default: false
    }
  }

  private mutating func skipSpace() {
    while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
  }

  private mutating func skip(_ text: String) -> Bool {
    guard bytes[position...].starts(with: text.utf8) else { return false }
    position += text.utf8.count
    return true
  }

  /// What stands before `mark`, which is skipped too.
  private mutating func until(_ mark: String) throws(Fault) -> String {
    let start = position
    while position < bytes.count {
      if bytes[position...].starts(with: mark.utf8) {
        defer { position += mark.utf8.count }
        return String(decoding: bytes[start..<position], as: UTF8.self)
      }
      position += 1
    }
    throw fault("\(mark) is missing.")
  }

  private func fault(_ message: String) -> Fault { Fault(message: message, offset: position) }
}
