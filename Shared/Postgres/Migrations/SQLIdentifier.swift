/// Names of schemas and roles that appear in statements without quotes.
enum SQLIdentifier {
  static func check(_ name: String) throws(PostgresError) {
    let isPlain = name.utf8.enumerated().allSatisfy { index, byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "_"): true
      case UInt8(ascii: "0")...UInt8(ascii: "9"): index > 0
      default: false
      }
    }
    guard isPlain, (1...63).contains(name.utf8.count) else {
      throw PostgresError(
        .configuration, "\"\(name)\" is no name for a schema or role: lower-case letters, digits and _")
    }
  }
}
