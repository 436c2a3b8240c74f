/// The identifiers that protoc-c 1.4.1 gives to what it generates (`protoc-c/c_helpers.cc` of that release).
enum CNames {
  /// Type of a message or enum: `ringmaster.v1.Lead` is `Ringmaster__V1__Lead`.
  static func type(_ fullName: String) -> String {
    fullName.split(separator: ".").map { camel($0) }.joined(separator: "__")
  }

  /// Prefix of a message's functions: `ringmaster.v1.CallWindow` has `ringmaster__v1__call_window__unpack`.
  static func functionPrefix(_ fullName: String) -> String {
    fullName.split(separator: ".").map { lower($0) }.joined(separator: "__")
  }

  /// Member of the struct. Words that C or C++ reserve get an underscore.
  static func field(_ name: String) -> String {
    let name = name.lowercased()
    return keywords.contains(name) ? name + "_" : name
  }

  /// Member that counts a repeated field's elements.
  static func count(_ name: String) -> String { "n_" + field(name) }

  /// Member that tells which field of a oneof is set.
  static func oneofCase(_ name: String) -> String { lower(Substring(name)) + "_case" }

  /// Type of that member.
  static func oneofCaseType(_ message: String, _ oneof: String) -> String {
    type(message) + "__" + camel(Substring(oneof)) + "Case"
  }

  private static func camel(_ name: Substring) -> String {
    var result = ""
    var nextIsUpper = true
    for character in name {
      if character == "_" {
        nextIsUpper = true
      } else {
        result += nextIsUpper ? character.uppercased() : String(character)
        nextIsUpper = false
      }
    }
    return result
  }

  private static func lower(_ name: Substring) -> String {
    var result = ""
    var wasUpper = true
    for character in name {
      let isUpper = character.isUppercase
      if isUpper && !wasUpper { result += "_" }
      result += character.lowercased()
      wasUpper = isUpper
    }
    return result
  }

  private static let keywords: Set<String> = [
    "and", "and_eq", "asm", "auto", "bitand", "bitor", "bool", "break", "case", "catch", "char", "class", "compl",
    "const", "const_cast", "continue", "default", "delete", "do", "double", "dynamic_cast", "else", "enum", "explicit",
    "extern", "false", "float", "for", "friend", "goto", "if", "inline", "int", "long", "mutable", "namespace", "new",
    "not", "not_eq", "operator", "or", "or_eq", "private", "protected", "public", "register", "reinterpret_cast",
    "return", "short", "signed", "sizeof", "static", "static_cast", "struct", "switch", "template", "this", "throw",
    "true", "try", "typedef", "typeid", "typename", "union", "unsigned", "using", "virtual", "void", "volatile",
    "wchar_t", "while", "xor", "xor_eq",
  ]
}
