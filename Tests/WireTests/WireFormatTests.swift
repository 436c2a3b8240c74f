import ConformanceMessages
import Testing

@testable import Wire

/// Bytes against values, by the examples of https://protobuf.dev/programming-guides/encoding/ where it has one.
@Suite struct WireFormatTests {
  @Test func encodesAsTheSpecificationShows() {
    #expect(Scalars(anInt32: 150).encoded() == [0x18, 0x96, 0x01])
    #expect(Scalars(aString: "testing").encoded() == [0x72, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6E, 0x67])
    #expect(Scalars(anInt32: -2).encoded() == [0x18, 0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01])
    #expect(Scalars(aSint32: -2).encoded() == [0x38, 0x03])
    #expect(Lists(int32s: [3, 270, 86942]).encoded() == [0x1A, 0x06, 0x03, 0x8E, 0x02, 0x9E, 0xA7, 0x05])
    #expect(UnpackedLists(int32s: [1, 2, 3]).encoded() == [0x10, 0x01, 0x10, 0x02, 0x10, 0x03])
    #expect(Outer(scalars: Scalars(anInt32: 150)).encoded() == [0x22, 0x03, 0x18, 0x96, 0x01])
  }

  @Test func defaultsTakeNoBytes() throws {
    #expect(Outer().encoded().isEmpty)
    #expect(try Outer.decode([]) == Outer())
    #expect(try Scalars.decode([0x18, 0x00]) == Scalars())
  }

  @Test func appendingAddsToWhatIsThere() {
    var bytes: [UInt8] = [0xAA]
    Scalars(anInt32: 150).appendEncoded(to: &bytes)
    Scalars().appendEncoded(to: &bytes)
    #expect(bytes == [0xAA, 0x18, 0x96, 0x01])
  }

  @Test func packedAndUnpackedListsReadEachOther() throws {
    #expect(try Lists.decode([0x18, 0x03, 0x18, 0x8E, 0x02]).int32s == [3, 270])
    #expect(try UnpackedLists.decode([0x12, 0x03, 0x03, 0x8E, 0x02]).int32s == [3, 270])
  }

  @Test func extremesSurvive() throws {
    let message = Scalars(
      aDouble: .leastNonzeroMagnitude, aFloat: -.infinity, anInt32: .min, anInt64: .min, aUint32: .max, aUint64: .max,
      aSint32: .min, aSint64: .min, aFixed32: .max, aFixed64: .max, aSfixed32: .min, aSfixed64: .min, aBool: true,
      aString: String(repeating: "é\u{10FFFF}", count: 20_000), someBytes: [UInt8](repeating: 0, count: 70_000),
      color: .darkBlue, weather: .unknowable)
    #expect(try Scalars.decode(message.encoded()) == message)
  }

  @Test func enumNumbersWithoutANameSurvive() throws {
    let message = Scalars(color: .unrecognized(-40), weather: .unrecognized(1_000_000))
    let decoded = try Scalars.decode(message.encoded())
    #expect(decoded == message)
    #expect(Color(rawValue: 2) == .darkBlue)
    #expect(Color(rawValue: 9).protoName == nil)
  }

  @Test func everyMemberOfAOneofSurvives() throws {
    let members: [Choice.OneOf_Kind] = [
      .aDouble(0), .aFloat(1.5), .anInt32(0), .anInt64(-1), .aUint32(0), .aUint64(.max), .aBool(false), .aString(""),
      .someBytes([]), .someBytes([0, 1]), .color(.unspecified), .color(.unrecognized(8)), .place(Place()),
      .time(Timestamp(seconds: -1, nanos: 5)), .span(ProtobufDuration()), .empty(Empty()),
    ]
    for member in members {
      let message = Choice(before: "x", kind: member, between: 3, secondChoice: .right("é"))
      #expect(try Choice.decode(message.encoded()) == message)
    }
  }

  @Test func theLastMemberOfAOneofCounts() throws {
    let bytes = Choice(kind: .aString("first")).encoded() + Choice(kind: .aBool(true)).encoded()
    #expect(try Choice.decode(bytes).kind == .aBool(true))
  }

  @Test func theLastEntryOfAMapKeyCounts() throws {
    let bytes = Maps(byString: ["a": "1", "b": "2"]).encoded() + Maps(byString: ["a": "3"]).encoded()
    #expect(try Maps.decode(bytes).byString == ["a": "3", "b": "2"])
  }

  @Test func mapsEncodeAlikeHoweverTheyWereFilled() {
    var one = Maps()
    var other = Maps()
    for number in 0..<200 {
      one.byInt32[Int32(number)] = 1
      one.byString["\(number)"] = "x"
      other.byInt32[Int32(199 - number)] = 1
      other.byString["\(199 - number)"] = "x"
    }
    #expect(one.encoded() == other.encoded())
  }

  @Test func mapEntriesMayLackKeyOrValue() throws {
    #expect(try Maps.decode([0x0A, 0x00]).byString == ["": ""])
    #expect(try Maps.decode([0x3A, 0x02, 0x08, 0x04]).bySint32 == [2: Place()])
  }

  @Test func fieldsOfANewerBuildSurviveAnOlderOne() throws {
    let newer = Newer(
      name: "n", place: NewerPlace(latitude: 1, weather: [.snow], country: "Tasmania"), note: "é", counts: [1, -1],
      stamp: 7, second: Place(longitude: 2), small: 3, number: -9)
    let older = try Older.decode(newer.encoded())
    #expect(older.name == "n")
    #expect(older.place?.weather == [.snow])
    #expect(!older.unknownFields.isEmpty)
    #expect(try Newer.decode(older.encoded()) == newer)
    #expect(older != Older(name: "n", place: older.place))
  }

  @Test func zeroCharactersAreReplacedWhenEncoding() throws {
    let message = Scalars(aString: "a\0b\0")
    #expect(try Scalars.decode(message.encoded()).aString == "a\u{FFFD}b\u{FFFD}")
  }

  @Test func registriesKnowEveryType() {
    #expect(
      MessageRegistry.type(named: "ringmaster.conformance.Outer.Middle.Inner")?.fullName == Outer.Middle.Inner.fullName)
    #expect(MessageRegistry.type(named: "ringmaster.conformance.Maps.ByStringEntry") == nil)
    #expect(MessageRegistry.all.map { $0.fullName } == MessageRegistry.all.map { $0.fullName }.sorted())
  }
}
