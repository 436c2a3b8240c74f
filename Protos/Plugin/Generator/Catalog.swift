/// All types that fields can name, with their names in Swift and C.
struct Catalog {
  struct Entry {
    /// Path in Swift, for example `Outer.Inner`.
    var swift: String
    var file: String
    /// Nil for enums.
    var message: MessageModel?
    /// Nil for messages.
    var enumeration: EnumModel?
  }

  /// Types of google.protobuf that Wire has by hand.
  static let wellKnown = [
    "google.protobuf.Timestamp": "Timestamp",
    "google.protobuf.Duration": "ProtobufDuration",
  ]

  private(set) var entries: [String: Entry] = [:]

  init(_ files: [FileModel]) {
    for file in files {
      for message in file.messages { add(message, outer: "", file: file.name) }
      for enumeration in file.enums { add(enumeration, outer: "", file: file.name) }
    }
  }

  /// The Swift type of a message or enum. `Validation` has made sure that it is there.
  func swiftType(_ fullName: String) -> String {
    Self.wellKnown[fullName] ?? entries[fullName]?.swift ?? fullName
  }

  /// Key and value of a map field; nil for every other field.
  func mapEntry(_ field: FieldModel) -> (key: FieldModel, value: FieldModel)? {
    guard case .message(let name) = field.type, let message = entries[name]?.message, message.isMapEntry,
      message.fields.count == 2
    else { return nil }
    return (message.fields[0], message.fields[1])
  }

  private mutating func add(_ message: MessageModel, outer: String, file: String) {
    let swift = outer + SwiftNames.type(message.name)
    entries[message.fullName] = Entry(swift: swift, file: file, message: message)
    for inner in message.messages { add(inner, outer: swift + ".", file: file) }
    for inner in message.enums { add(inner, outer: swift + ".", file: file) }
  }

  private mutating func add(_ enumeration: EnumModel, outer: String, file: String) {
    let swift = outer + SwiftNames.type(enumeration.name)
    entries[enumeration.fullName] = Entry(swift: swift, file: file, enumeration: enumeration)
  }
}
