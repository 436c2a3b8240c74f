/// Header fields in the order received or added. Names compare without regard to case; a name may occur often.
///
/// All text lies in one block of bytes, so that a request's fields cost two allocations however many there are.
public struct HTTPHeaders: Sendable, Hashable, Sequence, ExpressibleByDictionaryLiteral {
  /// Where one field's name and value lie in `bytes`.
  struct Field: Sendable {
    var nameStart: Int32
    var nameCount: Int32
    var valueStart: Int32
    var valueCount: Int32
  }

  private(set) var bytes: [UInt8] = []
  private(set) var fields: [Field] = []

  public init() {}

  public init(dictionaryLiteral elements: (String, String)...) {
    for (name, value) in elements {
      add(name, value)
    }
  }

  public init(_ pairs: some Sequence<(String, String)>) {
    for (name, value) in pairs {
      add(name, value)
    }
  }

  /// Number of fields, repeated names counted each.
  public var count: Int { fields.count }
  public var isEmpty: Bool { fields.isEmpty }

  /// The first value under `name`. Setting replaces every field of that name; setting nil removes them.
  public subscript(_ name: String) -> String? {
    get {
      guard let index = firstIndex(of: name) else { return nil }
      return value(at: index)
    }
    set {
      removeAll(name)
      if let newValue {
        add(name, newValue)
      }
    }
  }

  /// Every value under `name`, in order.
  public func values(_ name: String) -> [String] {
    fields.indices.filter { matches($0, name) }.map { value(at: $0) }
  }

  public func contains(_ name: String) -> Bool {
    firstIndex(of: name) != nil
  }

  /// Whether a comma-separated field such as `Connection` lists `token`, without regard to case.
  public func lists(_ token: String, in name: String) -> Bool {
    values(name).contains { value in
      value.split(separator: ",").contains { equalIgnoringCase(trimmed($0.utf8), token.utf8) }
    }
  }

  /// Adds a field after the others.
  ///
  /// - Parameters:
  ///   - name: A token (RFC 9110 section 5.6.2); anything else is a programming error.
  ///   - value: CR, LF and NUL become spaces, so that no value can end its field and start another.
  public mutating func add(_ name: String, _ value: String) {
    precondition(name.utf8.allSatisfy(isTokenByte) && !name.isEmpty, "not a header name")
    let nameStart = bytes.count
    bytes.append(contentsOf: name.utf8)
    let valueStart = bytes.count
    bytes.append(contentsOf: value.utf8.lazy.map { $0 == 0 || $0 == 10 || $0 == 13 ? 32 : $0 })
    fields.append(
      Field(
        nameStart: Int32(nameStart), nameCount: Int32(valueStart - nameStart), valueStart: Int32(valueStart),
        valueCount: Int32(bytes.count - valueStart)))
  }

  public mutating func removeAll(_ name: String) {
    fields = fields.filter { !equalIgnoringCase(nameBytes($0), name.utf8) }
  }

  public struct Iterator: IteratorProtocol {
    private let headers: HTTPHeaders
    private var index = 0

    init(_ headers: HTTPHeaders) {
      self.headers = headers
    }

    public mutating func next() -> (name: String, value: String)? {
      guard index < headers.fields.count else { return nil }
      defer { index += 1 }
      return (
        String(decoding: headers.nameBytes(headers.fields[index]), as: UTF8.self), headers.value(at: index)
      )
    }
  }

  public func makeIterator() -> Iterator {
    Iterator(self)
  }

  public static func == (left: HTTPHeaders, right: HTTPHeaders) -> Bool {
    left.fields.count == right.fields.count
      && left.fields.indices.allSatisfy { index in
        equalIgnoringCase(left.nameBytes(left.fields[index]), right.nameBytes(right.fields[index]))
          && left.valueBytes(index).elementsEqual(right.valueBytes(index))
      }
  }

  public func hash(into hasher: inout Hasher) {
    for index in fields.indices {
      for byte in nameBytes(fields[index]) {
        hasher.combine(lowercased(byte))
      }
      hasher.combine(value(at: index))
    }
  }

  /// A field from bytes that the parser has checked.
  mutating func appendChecked(name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) {
    let nameStart = bytes.count
    bytes.append(contentsOf: name)
    bytes.append(contentsOf: value)
    fields.append(
      Field(
        nameStart: Int32(nameStart), nameCount: Int32(name.count), valueStart: Int32(nameStart + name.count),
        valueCount: Int32(value.count)))
  }

  mutating func reserve(bytes byteCount: Int, fields fieldCount: Int) {
    bytes.reserveCapacity(byteCount)
    fields.reserveCapacity(fieldCount)
  }

  /// Appends the fields as they travel, each with its CRLF, but for those that frame a body: they are the server's.
  func appendWire(to output: inout [UInt8]) {
    for field in fields where !isFraming(field) {
      let name = Int(field.nameStart)
      let value = Int(field.valueStart)
      output.append(contentsOf: bytes[name..<name + Int(field.nameCount)])
      output.append(UInt8(ascii: ":"))
      output.append(UInt8(ascii: " "))
      output.append(contentsOf: bytes[value..<value + Int(field.valueCount)])
      output.append(13)
      output.append(10)
    }
  }

  func firstIndex(of name: String) -> Int? {
    fields.indices.first { matches($0, name) }
  }

  private func isFraming(_ field: Field) -> Bool {
    switch field.nameCount {
    case 14: equalIgnoringCase(nameBytes(field), "content-length".utf8)
    case 17: equalIgnoringCase(nameBytes(field), "transfer-encoding".utf8)
    default: false
    }
  }

  private func matches(_ index: Int, _ name: String) -> Bool {
    let field = fields[index]
    return Int(field.nameCount) == name.utf8.count && equalIgnoringCase(nameBytes(field), name.utf8)
  }

  private func nameBytes(_ field: Field) -> ArraySlice<UInt8> {
    bytes[Int(field.nameStart)..<Int(field.nameStart + field.nameCount)]
  }

  private func valueBytes(_ index: Int) -> ArraySlice<UInt8> {
    let field = fields[index]
    return bytes[Int(field.valueStart)..<Int(field.valueStart + field.valueCount)]
  }

  private func value(at index: Int) -> String {
    String(decoding: valueBytes(index), as: UTF8.self)
  }
}
