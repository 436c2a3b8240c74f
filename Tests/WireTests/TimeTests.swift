import Core
import JSON
import Testing
import Wire

@Suite struct TimeTests {
  @Test(arguments: [
    (Timestamp(), "1970-01-01T00:00:00Z"),
    (Timestamp(seconds: 1_772_442_000), "2026-03-02T09:00:00Z"),
    (Timestamp(seconds: 1_772_442_000, nanos: 20_000_000), "2026-03-02T09:00:00.020Z"),
    (Timestamp(seconds: -1, nanos: 1_000), "1969-12-31T23:59:59.000001Z"),
    (Timestamp(seconds: -1, nanos: 999_999_999), "1969-12-31T23:59:59.999999999Z"),
    (Timestamp(seconds: -62_135_596_800), "0001-01-01T00:00:00Z"),
    (Timestamp(seconds: 253_402_300_799, nanos: 999_999_999), "9999-12-31T23:59:59.999999999Z"),
  ])
  func timestampsAreRFC3339(timestamp: Timestamp, text: String) throws {
    #expect(timestamp.json == .string(text))
    #expect(try Timestamp(json: .string(text)) == timestamp)
  }

  @Test func offsetsAreRead() throws {
    let expected = Timestamp(seconds: 1_772_442_000)
    #expect(try Timestamp(json: "2026-03-02T19:00:00+10:00") == expected)
    #expect(try Timestamp(json: "2026-03-02T03:30:00.000-05:30") == expected)
  }

  @Test(arguments: [
    "2026-03-02", "2026-03-02T09:00Z", "2026-02-29T00:00:00Z", "2026-03-02T24:00:00Z", "2026-03-02T09:00:60Z",
    "2026-03-02T09:00:00", "2026-03-02T09:00:00.Z", "2026-03-02T09:00:00.1234567891Z", "2026-03-02 09:00:00Z",
    "2026-03-02T09:00:00Zx", "2026-03-02T09:00:00+25:00", "0001-01-01T00:00:00+01:00", "", "٢٠٢٦-03-02T09:00:00Z",
  ])
  func otherTextsAreNoTimes(text: String) {
    #expect(throws: WireJSONError.self) { try Timestamp(json: .string(text)) }
  }

  @Test(arguments: [
    (ProtobufDuration(), "0s"), (ProtobufDuration(seconds: 1, nanos: 500_000_000), "1.500s"),
    (ProtobufDuration(seconds: -3, nanos: -1), "-3.000000001s"), (ProtobufDuration(nanos: -5_000), "-0.000005s"),
    (ProtobufDuration(seconds: 315_576_000_000), "315576000000s"),
  ])
  func durationsAreSeconds(duration: ProtobufDuration, text: String) throws {
    #expect(duration.json == .string(text))
    #expect(try ProtobufDuration(json: .string(text)) == duration)
  }

  @Test(arguments: ["1.5", "s", "1.s", ".5s", "1m", "--1s", "315576000001s", "1.0000000001s", "1e3s"])
  func otherTextsAreNoDurations(text: String) {
    #expect(throws: WireJSONError.self) { try ProtobufDuration(json: .string(text)) }
  }

  @Test func instantsConvertBothWays() {
    for micros in [Int64(0), 1, -1, -1_000_001, 1_772_442_000_123_456] {
      let instant = Instant(microsecondsSince1970: micros)
      #expect(Timestamp(instant).instant == instant)
      #expect((0...999_999_999).contains(Timestamp(instant).nanos))
    }
  }

  @Test func durationsConvertBothWays() {
    for duration in [Duration.zero, .milliseconds(1500), .nanoseconds(-1), .seconds(-90) - .nanoseconds(5), .days(3)] {
      #expect(ProtobufDuration(duration).duration == duration)
    }
  }

  @Test func valuesOutOfRangeBecomeTheNearestEnd() {
    #expect(Timestamp(seconds: .max, nanos: -1).instant <= .distantFuture)
    #expect(Timestamp(seconds: .min, nanos: .min).instant >= .distantPast)
    #expect(Timestamp(seconds: .max).json == .string("9999-12-31T23:59:59.999999999Z"))
    #expect(ProtobufDuration(seconds: .max).duration == .seconds(315_576_000_000))
    #expect(ProtobufDuration(.seconds(Int64.max)).seconds == 315_576_000_000)
    #expect(ProtobufDuration(seconds: .min, nanos: .min).json == .string("-315576000000s"))
  }
}
