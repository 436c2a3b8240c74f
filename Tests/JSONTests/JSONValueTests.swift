import Core
import JSON
import Testing

@Suite struct JSONValueTests {
  let value: JSONValue = ["name": "Ada", "age": 36, "score": 1.5, "tags": ["a", "b"], "on": true, "none": nil]

  @Test func accessorsGiveNilForOtherKinds() {
    #expect(value["name"]?.stringValue == "Ada")
    #expect(value["age"]?.intValue == 36)
    #expect(value["age"]?.doubleValue == 36)
    #expect(value["score"]?.intValue == nil)
    #expect(JSONValue.number(1e3).intValue == 1_000)
    #expect(value["tags"]?[1]?.stringValue == "b")
    #expect(value["tags"]?[2] == nil)
    #expect(value["on"]?.boolValue == true)
    #expect(value["none"]?.isNull == true)
    #expect(value["missing"] == nil)
    #expect(value["name"]?["x"] == nil)
    #expect(value["tags"]?.kind == "an array")
  }

  @Test func objectsKeepOrderAndIgnoreItWhenCompared() {
    #expect(value.objectValue?.keys == ["name", "age", "score", "tags", "on", "none"])
    let left: JSONValue = ["a": 1, "b": 2]
    let right: JSONValue = ["b": 2, "a": 1]
    #expect(left == right && left.hashValue == right.hashValue)
    #expect(left != ["a": 1, "b": 3] && left != ["a": 1])
  }

  @Test func largeObjectsFindTheirMembers() {
    var object = JSONObject()
    for index in 0..<1_000 { object["key-\(index)"] = .integer(Int64(index)) }
    for index in stride(from: 0, to: 1_000, by: 100) { object["key-\(index)"] = nil }
    object["key-1"] = "changed"
    #expect(object.count == 990)
    #expect(object["key-100"] == nil && object["key-999"] == 999 && object["key-1"] == "changed")
    #expect(object.keys.first == "key-1")
  }

  @Test func writesCompactAndPretty() {
    #expect(
      value.serialize()
        == #"{"name":"Ada","age":36,"score":1.5,"tags":["a","b"],"on":true,"none":null}"#)
    let nested: JSONValue = ["a": [1, ["b": []]], "c": [:]]
    #expect(
      nested.serialize(pretty: true) == """
        {
          "a": [
            1,
            {
              "b": []
            }
          ],
          "c": {}
        }
        """)
    #expect(JSONValue.string("\u{1}\"\\\n\u{7f}é").serialize() == "\"\\u0001\\\"\\\\\\n\u{7f}é\"")
    #expect(JSONValue.number(.nan).serialize() == "null")
    #expect(JSONValue.number(-0.0).serialize() == "-0.0")
  }

  @Test func writerPutsCommasWhereTheyBelong() throws {
    var writer = JSONWriter(appendingTo: Array("x".utf8))
    writer.beginObject()
    writer.member("a", 1)
    writer.key("b")
    writer.beginArray()
    writer.string("s")
    writer.null()
    writer.beginObject()
    writer.endObject()
    writer.number(0.5)
    writer.base64([1, 2, 3])
    writer.raw("[7]".utf8)
    writer.endArray()
    writer.member("c", true)
    writer.endObject()
    #expect(String(decoding: writer.bytes, as: UTF8.self) == #"x{"a":1,"b":["s",null,{},0.5,"AQID",[7]],"c":true}"#)
  }
}
