import JSON
import Testing

@Suite struct JSONParsingTests {
  static let good: [(String, JSONValue)] = [
    ("null", JSONValue.null), (" true\n", true), ("false", false), ("0", 0), ("-0", 0), ("-12", -12),
    ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
    ("9223372036854775808", .number(0x1p63)), ("-9223372036854775809", .number(-0x1p63)),
    ("99999999999999999999999", .number(1e23)), ("1.5", 1.5), ("1e2", .number(100)), ("1E+2", .number(100)),
    ("-1.25e-2", .number(-0.0125)),
    ("5e-324", .number(.leastNonzeroMagnitude)), ("1.0", .number(1)), ("1e-400", .number(0)),
    ("\"\"", ""), (#""a\"\\\/\b\f\n\r\tz""#, "a\"\\/\u{8}\u{c}\n\r\tz"),
    (#""\u00e9\u0000\uD83D\uDE00""#, "é\0😀"),
    ("\"\u{7f}é😀\"", "\u{7f}é😀"), ("[]", []), ("[1,[2],{}]", [1, [2], [:]]), ("{}", [:]),
    (#"{"a":1,"b":{"c":[null]}}"#, ["a": 1, "b": ["c": [nil]]]), (#"{"a":1,"a":2}"#, ["a": 2]),
    (" [ 1 , 2 ] ", [1, 2]), (#"{ "a" : 1 }"#, ["a": 1]), (#"{"":0}"#, ["": 0]),
  ]

  @Test(arguments: good)
  func reads(text: String, value: JSONValue) throws {
    #expect(try JSONValue.parse(text) == value)
  }

  @Test(arguments: [
    "", " ", "nul", "nulL", "True", "01", "-", "+1", "1.", ".5", "1e", "1e+", "-01", "0x10", "1e400", "-1e999", "NaN",
    "Infinity", "'a'", "\"", "\"a", "\"\\x\"", "\"\\", "\"\\u12\"", "\"\\u123g\"", "\"\\ud800\"", "\"\\ud800x\"",
    "\"\\ud800\\n\"", "\"\\udc00\"", "\"\\ud800\\ud800\"", "\"\n\"", "\"\\n\t\"", "[", "[1", "[1,", "[1,]", "[,1]",
    "[1 2]", "]", "{", "{\"a\"", "{\"a\":",
    "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{a:1}", "{\"a\" 1}", "{1:2}", "1 2", "[]x",
    "{} {}", "\u{feff}1", "/* */ 1", "[1}", "{\"a\":1]",
  ])
  func refuses(text: String) {
    #expect(throws: JSONError.self) { try JSONValue.parse(text) }
  }

  @Test func refusesInvalidUTF8() {
    for bytes: [UInt8] in [[0x80], [0xC3], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFF]] {
      let text = [UInt8(ascii: "\"")] + bytes + [UInt8(ascii: "\"")]
      #expect(throws: JSONError.self) { try JSONValue.parse(text) }
      #expect(throws: JSONError.self) { try JSONValue.parse(Array("\"\\n".utf8) + bytes + Array("\"".utf8)) }
    }
  }

  @Test func errorsTellWhere() {
    #expect(error(of: "{\n  \"é\": tru\n}") == JSONError(message: "expected 'true'", line: 2, column: 8))
    #expect(error(of: "[1,\n2,\n x]") == JSONError(message: "found 'x' where a value should be", line: 3, column: 2))
    #expect(error(of: "[1")?.description == "line 1, column 3: the text ends where ',' or ']' should be")
    #expect(error(of: "\"\\ud800\"")?.message == "half of a surrogate pair")
  }

  @Test func nestingIsLimited() throws {
    let deepest = String(repeating: "[", count: 128) + String(repeating: "]", count: 128)
    #expect(try JSONValue.parse(deepest).arrayValue?.count == 1)
    #expect(throws: JSONError.self) { try JSONValue.parse("[" + deepest + "]") }
    #expect(throws: JSONError.self) { try JSONValue.parse(String(repeating: "{\"a\":", count: 100_000)) }
    let wide = "[" + Array(repeating: "[[]]", count: 1_000).joined(separator: ",") + "]"
    #expect(try JSONValue.parse(wide).arrayValue?.count == 1_000)
  }

  private func error(of text: String) -> JSONError? {
    do {
      _ = try JSONValue.parse(text)
      return nil
    } catch {
      return error
    }
  }
}
