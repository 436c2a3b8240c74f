/// The identifiers of the generated Swift.
enum SwiftNames {
  /// A message, enum or service: the proto name, without underscores and with a capital first letter.
  static func type(_ name: String) -> String { camel(name, upper: true) }

  /// A property, parameter or method: `start_minute` and `StartMinute` are `startMinute`.
  static func member(_ name: String) -> String { camel(name, upper: false) }

  /// The cases of an enum, in order: `NO_ANSWER` of `CallOutcome` is `noAnswer`, with or without the prefix
  /// `CALL_OUTCOME_`. The prefix is dropped only when all values have it and none is left starting with a digit.
  static func cases(of model: EnumModel) -> [String] {
    let prefix = screaming(model.name) + "_"
    let stripped = model.values.map { value -> Substring? in
      guard value.name.hasPrefix(prefix) else { return nil }
      let rest = value.name.dropFirst(prefix.count)
      return rest.first.map { $0.isLetter } == true ? rest : nil
    }
    let names = stripped.contains(nil) ? model.values.map { Substring($0.name) } : stripped.compactMap { $0 }
    return names.map { camel($0.lowercased(), upper: false) }
  }

  /// The nested enum that holds a oneof's value.
  static func oneof(_ name: String) -> String { "OneOf_" + camel(name, upper: true) }

  /// Puts a name that is a Swift keyword in backticks.
  static func escaped(_ name: String) -> String { keywords.contains(name) ? "`\(name)`" : name }

  /// A string literal.
  static func literal(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }

  /// Type names that the generated code, or Swift itself, needs for something else.
  static let reservedTypes: Set<String> = [
    "Any", "Array", "Bool", "CaseIterable", "Character", "Dictionary", "Double", "Error", "Float", "Hashable", "Int",
    "Int32", "Int64", "JSONObject", "JSONValue", "MessageRegistry", "Never", "Optional", "ProtobufDuration", "Protocol",
    "Result", "Self", "Sendable", "Set", "String", "Timestamp", "Type", "UInt32", "UInt64", "UInt8", "UnknownFields",
    "UnsafeMutablePointer", "UnsafeRawBufferPointer", "Void", "Wire", "WireArena", "WireDecoding", "WireEnum",
    "WireError", "WireJSON", "WireJSONError", "WireMessage",
  ]

  /// Members that every generated message has.
  static let reservedMembers: Set<String> = [
    "appendEncoded", "decode", "encoded", "fillC", "fullName", "hash", "hashValue", "init", "json", "self",
    "unknownFields",
  ]

  /// Members that every generated enum has.
  static let reservedCases: Set<String> = [
    "allCases", "fullName", "hash", "hashValue", "init", "protoName", "rawValue", "self", "unrecognized",
  ]

  private static func camel(_ name: String, upper: Bool) -> String {
    var result = ""
    var nextIsUpper = upper
    for character in name {
      if character == "_" {
        nextIsUpper = upper || !result.isEmpty
      } else if nextIsUpper {
        result += character.uppercased()
        nextIsUpper = false
      } else {
        result += result.isEmpty ? character.lowercased() : String(character)
      }
    }
    return result
  }

  /// `KBCallType` is `KB_CALL_TYPE`: an underscore before a capital that starts a word.
  private static func screaming(_ name: String) -> String {
    let characters = Array(name)
    var result = ""
    for (index, character) in characters.enumerated() {
      if character.isUppercase, index > 0, characters[index - 1] != "_" {
        let afterLower = !characters[index - 1].isUppercase
        let beforeLower = index + 1 < characters.count && characters[index + 1].isLowercase
        if afterLower || beforeLower { result += "_" }
      }
      result += character.uppercased()
    }
    return result
  }

  private static let keywords: Set<String> = [
    "Any", "Self", "Type", "Protocol", "as", "associatedtype", "break", "case", "catch", "class", "continue", "default",
    "defer", "deinit", "do", "else", "enum", "extension", "fallthrough", "false", "fileprivate", "for", "func", "guard",
    "if", "import", "in", "init", "inout", "internal", "is", "let", "nil", "operator", "precedencegroup", "private",
    "protocol", "public", "repeat", "rethrows", "return", "self", "static", "struct", "subscript", "super", "switch",
    "throw", "throws", "true", "try", "typealias", "var", "where", "while",
  ]
}
