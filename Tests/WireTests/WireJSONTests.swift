import ConformanceMessages
import JSON
import RingmasterMessages
import Testing
import Wire

/// The mapping of https://protobuf.dev/programming-guides/json/
@Suite struct WireJSONTests {
  @Test func defaultsAreLeftOut() {
    #expect(Outer().json == .object([:]))
    #expect(
      Outer(scalars: Scalars(), lists: Lists(bools: [false])).json.serialize()
        == #"{"scalars":{},"lists":{"bools":[false]}}"#)
  }

  @Test func scalarsAreWrittenAsTheMappingSays() {
    let message = Scalars(
      aDouble: 1.5, aFloat: 0.1, anInt32: -1, anInt64: .min, aUint32: .max, aUint64: .max, aBool: true, aString: "\"é",
      someBytes: [0xFB, 0xFF], color: .darkBlue, weather: .unrecognized(5))
    #expect(
      message.json.serialize()
        == #"{"aDouble":1.5,"aFloat":0.1,"anInt32":-1,"anInt64":"-9223372036854775808","aUint32":4294967295,"#
        + #""aUint64":"18446744073709551615","aBool":true,"aString":"\"é","someBytes":"+/8=","#
        + #""color":"COLOR_DARK_BLUE","weather":5}"#)
    #expect(Scalars(aDouble: .nan, aFloat: -.infinity).json.serialize() == #"{"aDouble":"NaN","aFloat":"-Infinity"}"#)
  }

  @Test func bothNamesAndSeveralFormsAreRead() throws {
    #expect(
      try Scalars(json: ["a_double": 1, "anInt64": "5", "aUint64": 7, "an_int32": "-2"])
        == Scalars(aDouble: 1, anInt32: -2, anInt64: 5, aUint64: 7))
    #expect(
      try Scalars(json: ["aDouble": "-Infinity", "anInt32": 2.0, "color": 2, "weather": "RAIN_AND_WIND"])
        == Scalars(aDouble: -.infinity, anInt32: 2, color: .darkBlue, weather: .rainAndWind))
    #expect(try Scalars(json: ["someBytes": "-_8"]).someBytes == [0xFB, 0xFF])
    #expect(try Scalars(json: ["aString": nil, "color": nil, "anInt64": nil]) == Scalars())
    #expect(try KBItemXY3z(json: ["aliasOf": "x", "with2Digits": "y"]) == KBItemXY3z(with2Digits: "y", renamed: "x"))
  }

  @Test func mapsListsAndChoicesRoundTrip() throws {
    let message = Outer(
      middle: Outer.Middle(cores: ["b": .init(level: .low), "a": .init(color: .red)]),
      lists: Lists(int64s: [1, -1], byteStrings: [[], [1]], times: [Timestamp(seconds: 1)]),
      maps: Maps(byInt32: [-1: 5], byUint64: [.max: [1]], byBool: [false: .red], bySint64: [3: Timestamp()]),
      choices: [Choice(kind: .aBool(false)), Choice(kind: .empty(Empty())), Choice(kind: .anInt64(0))])
    let text = message.json.serialize()
    #expect(try Outer(json: JSONValue.parse(text)) == message)
    #expect(text.contains(#""cores":{"a":{"color":"COLOR_RED"},"b":{"level":"LEVEL_LOW"}}"#))
    #expect(text.contains(#""byBool":{"false":"COLOR_RED"}"#))
    #expect(text.contains(#""choices":[{"aBool":false},{"empty":{}},{"anInt64":"0"}]"#))
  }

  @Test(arguments: [
    (
      #"{"policy":{"callWindows":[{},{},{"startMinute":"x"}]}}"#,
      "policy.callWindows[2].startMinute: expected an integer, found string"
    ),
    (
      #"{"policy":{"call_windows":[{},{"start_minute":1.5}]}}"#,
      "policy.call_windows[1].start_minute: expected an integer, found 1.5"
    ),
    (#"{"policy":{"callWindows":{}}}"#, "policy.callWindows: expected an array, found object"),
    (#"{"policy":{"callWindows":[null]}}"#, "policy.callWindows[0]: expected an object, found null"),
    (#"{"policy":{"nam":"x"}}"#, "policy.nam: ringmaster.v1.CampaignPolicy has no such field"),
    (#"{"policy":{"name":7}}"#, "policy.name: expected a string, found number"),
    (#"{"policy":{"name":"a\u0000"}}"#, "policy.name: holds a NUL character"),
    (
      #"{"policy":{"budgetMicros":"9223372036854775808"}}"#,
      "policy.budgetMicros: 9223372036854775808 is not between -9223372036854775808 and 9223372036854775807"
    ),
    (
      #"{"policy":{"maxCallsPerDay":3000000000}}"#,
      "policy.maxCallsPerDay: 3000000000 is not between -2147483648 and 2147483647"
    ),
    (#"{"policy":{"maxCallsPerDay":true}}"#, "policy.maxCallsPerDay: expected an integer, found boolean"),
    (
      #"{"policy":{"startsAt":"yesterday"}}"#,
      "policy.startsAt: expected a time as in 2026-03-02T09:00:00Z, found \"yesterday\""
    ),
    (#"{"policy":{"maxCallDuration":90}}"#, "policy.maxCallDuration: expected a duration as in 1.5s, found number"),
    (
      #"{"policy":{"minQualificationScore":1,"min_qualification_score":2}}"#,
      "policy.min_qualification_score: given twice, also as minQualificationScore"
    ),
    (
      #"{"policy":{"criteria":[{"values":[{"text":"a","number":1}]}]}}"#,
      "policy.criteria[0].values[0].number: another member of kind is given already; it takes one"
    ),
    ("[]", "expected an object, found array"),
  ])
  func faultsAreNamedByPath(text: String, expected: String) throws {
    let json = try JSONValue.parse(text)
    let error = #expect(throws: WireJSONError.self) { try CreateCampaignRequest(json: json) }
    #expect(error?.description == expected)
  }

  @Test func unknownNamesOfEnumsListTheKnownOnes() throws {
    let error = #expect(throws: WireJSONError.self) { try Scalars(json: ["color": "PURPLE"]) }
    #expect(
      error?.description == "color: \"PURPLE\" is no ringmaster.conformance.Color; expected one of "
        + "COLOR_UNSPECIFIED, COLOR_RED, COLOR_DARK_BLUE, COLOR_DEFAULT")
  }

  @Test func faultsInMapsNameTheKey() throws {
    let error = #expect(throws: WireJSONError.self) { try Maps(json: ["byInt32": ["12": "x", "y": 1]]) }
    #expect(error?.description == #"byInt32["12"]: expected an integer, found string"#)
    let key = #expect(throws: WireJSONError.self) { try Maps(json: ["byInt32": ["y": 1]]) }
    #expect(key?.description == #"byInt32["y"]: expected an integer, found the string "y""#)
    let bool = #expect(throws: WireJSONError.self) { try Maps(json: ["byBool": ["1": 1]]) }
    #expect(bool?.path == #"byBool["1"]"#)
  }
}
