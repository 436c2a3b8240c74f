import Core
import JSON
import Testing

@testable import MediaBridge

@Suite struct TwilioWireTests {
  let sid = "CA00000000000000000000000000000001"

  @Test func aCallIsAskedForWithEverythingItNeeds() {
    let order = CallOrder.example
    let pairs = TwilioCallForm.pairs(
      order,
      addresses: .init(voice: "https://b/v", status: "https://b/s", machineDetection: "https://b/a"))
    let values = Dictionary(grouping: pairs, by: \.0).mapValues { $0.map(\.1) }
    #expect(values["To"] == ["+14155550100"])
    #expect(values["From"] == ["+14155550199"])
    #expect(values["Url"] == ["https://b/v"])
    #expect(values["StatusCallbackEvent"] == ["initiated", "ringing", "answered", "completed"])
    #expect(values["TimeLimit"] == ["135"])
    #expect(values["MachineDetection"] == ["DetectMessageEnd"])
    #expect(values["AsyncAmd"] == ["true"])
    #expect(values["AsyncAmdStatusCallback"] == ["https://b/a"])
  }

  @Test func aStatusCallbackIsReadWhole() throws {
    let parameters = TwilioParameters([
      ("CallSid", sid), ("CallStatus", "completed"), ("SequenceNumber", "3"), ("CallDuration", "42"),
      ("SipResponseCode", "200"), ("Timestamp", "Mon, 02 Mar 2026 15:00:42 +0000"), ("AnsweredBy", "human"),
      ("Extra", "ignored"),
    ])
    let callback = try #require(TwilioCallback(.status, parameters))
    #expect(callback.sequence == 3)
    #expect(
      callback.report
        == .provider(
          ProviderReport(
            id: ProviderCallID(sid), status: .completed, at: Instant(rfc3339: "2026-03-02T15:00:42Z"), sipCode: 200,
            duration: .seconds(42), answeredBy: .human)))
  }

  @Test func withoutASequenceNumberAStatusCountsOnce() {
    let keys = ProviderStatus.allCases.compactMap {
      TwilioCallback(.status, TwilioParameters([("CallSid", sid), ("CallStatus", $0.rawValue)]))?.sequence
    }
    #expect(Set(keys).count == ProviderStatus.allCases.count)
    #expect(keys.allSatisfy { $0 < 0 })
  }

  @Test(arguments: [
    [("CallSid", "CA1"), ("CallStatus", "ringing")], [("CallStatus", "ringing")],
    [("CallSid", "CA00000000000000000000000000000001"), ("CallStatus", "melting")],
    [("CallSid", "XX00000000000000000000000000000001"), ("CallStatus", "ringing")],
  ])
  func whatTwilioWouldNotSendIsNoCallback(pairs: [(String, String)]) {
    #expect(TwilioCallback(.status, TwilioParameters(pairs)) == nil)
  }

  @Test func verdictsAreReadAndUnknownOnesAreNot() throws {
    for verdict in AnsweredBy.allCases {
      let pairs = [("CallSid", sid), ("AnsweredBy", verdict.rawValue)]
      let callback = try #require(TwilioCallback(.machineDetection, TwilioParameters(pairs)))
      #expect(callback.report == .machineVerdict(ProviderCallID(sid), verdict))
    }
    #expect(TwilioCallback(.machineDetection, TwilioParameters([("CallSid", sid), ("AnsweredBy", "dog")])) == nil)
  }

  @Test(arguments: [
    ("Mon, 02 Mar 2026 09:00:00 +0000", "2026-03-02T09:00:00Z"),
    ("2 Mar 2026 09:00:00 GMT", "2026-03-02T09:00:00Z"),
    ("Tue, 31 Aug 2010 20:36:28 -0700", "2010-09-01T03:36:28Z"),
  ])
  func datesAreRead(text: String, expected: String) {
    #expect(TwilioTime.parse(text) == Instant(rfc3339: expected))
  }

  @Test(arguments: [
    "", "Mon, 02 Mar 2026", "Mon, 32 Mar 2026 09:00:00 +0000", "Mon, 02 Mar 2026 25:00:00 +0000",
    "Mon, 02 Foo 2026 09:00:00 +0000", "Mon, 02 Mar 2026 09:00:00 +00", "2026-03-02T09:00:00Z",
  ])
  func whatIsNoDateIsRefused(text: String) {
    #expect(TwilioTime.parse(text) == nil)
  }

  @Test(arguments: UInt64(1)...50) func datesRoundTrip(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let instant = Instant(microsecondsSince1970: .random(in: 0...4_000_000_000, using: &generator) * 1_000_000)
    #expect(TwilioTime.parse(TwilioTime.format(instant)) == instant)
  }

  @Test func instructionsCannotBeBrokenOutOf() {
    #expect(
      TwiML.say("Tom & \"Jerry\" </Say><Dial>+1</Dial>\u{1}")
        == "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response><Say>Tom &amp; &quot;Jerry&quot; "
        + "&lt;/Say&gt;&lt;Dial&gt;+1&lt;/Dial&gt;</Say><Hangup/></Response>")
    #expect(
      TwiML.connect(stream: "wss://b/twilio/stream/1").contains("<Connect><Stream url=\"wss://b/twilio/stream/1\"/>"))
  }

  @Test(arguments: [
    (21211, 400, TwilioError.Action.giveUp), (20429, 429, .throttled), (10004, 400, .later), (20003, 401, .alarm),
    (20404, 404, .alreadyOver), (21220, 400, .alreadyOver), (20500, 500, .unsure), (20503, 503, .unsure),
    (13227, 400, .giveUp),
  ])
  func codesSayWhatToDo(code: Int, status: Int, action: TwilioError.Action) {
    #expect(TwilioError(status: status, body: ["code": JSONValue(code)]).action == action)
  }

  @Test func anErrorWithoutABodyGoesByItsStatus() {
    #expect(TwilioError(status: 502, body: nil) == TwilioError(status: 502, body: ["title": "Bad Gateway"]))
    #expect(TwilioError(status: 502, body: nil).action == .unsure)
    #expect(TwilioError(status: 429, body: nil).action == .throttled)
  }

  @Test func aCallResourceIsRead() throws {
    let value: JSONValue = [
      "sid": .string(sid), "status": "completed", "to": "+14155550100", "from": "+14155550199", "duration": "42",
      "answered_by": nil, "date_created": "Mon, 02 Mar 2026 09:00:00 +0000",
      "end_time": "Mon, 02 Mar 2026 09:01:00 +0000",
    ]
    let call = try #require(TwilioCallResource.parse(value))
    #expect(call.report.status == .completed)
    #expect(call.report.duration == .seconds(42))
    #expect(call.report.at == Instant(rfc3339: "2026-03-02T09:01:00Z"))
    #expect(call.createdAt == Instant(rfc3339: "2026-03-02T09:00:00Z"))
    #expect(TwilioCallResource.parseList(["calls": [value, ["sid": "nonsense"], 7]]).count == 1)
  }
}

extension CallOrder {
  /// A call that could be placed.
  static let example = CallOrder(
    tenant: .standard, call: CallID(UniqueID(high: 1, low: 1)), campaign: CampaignID(UniqueID(high: 1, low: 2)),
    lead: LeadID(UniqueID(high: 1, low: 3)), attemptNumber: 1, to: "+14155550100", from: "+14155550199",
    grantedAt: Instant(microsecondsSince1970: 1_772_000_000_000_000),
    expiresAt: Instant(microsecondsSince1970: 1_772_000_120_000_000), policyVersion: 1, evidence: ["window: open"],
    provider: "twilio", script: CallScript(instructions: "Be brief.", greeting: "Hello.", voicemail: "Bye.", voice: ""),
    maxDuration: .seconds(120), leaveVoicemail: true)
}
