import Core
import JSON
import Telephony
import Testing

@Suite struct RetryPolicyTests {
  private let window = DialWindow(windows: .standard, envelope: .unitedStates)
  private let start: Instant
  private let newYork: [TimeZoneRules]

  init() throws {
    start = try at("2026-03-02T14:00:00Z")  // Monday, nine o'clock in New York.
    newYork = try zones("America/New_York")
  }

  private func decide(
    _ policy: RetryPolicy, _ outcome: CallOutcome, at time: Instant? = nil, earlier: [CallOutcome] = [],
    maximumCalls: Int = 10, permanent: Bool = false
  ) -> RetryDecision {
    let now = time ?? start
    return policy.decide(
      after: PastCall(outcome: outcome, at: now, isPermanentFailure: permanent),
      earlier: earlier.map { PastCall(outcome: $0, at: now - .seconds(86_400)) }, maximumCalls: maximumCalls, now: now,
      window: window, zones: newYork)
  }

  private func retry(_ instant: Instant, notAfter: Instant? = nil, avoiding: MinuteRange? = nil) -> RetryDecision {
    .retry(notBefore: instant, notAfter: notAfter, avoiding: avoiding)
  }

  @Test func standardWaitsAnHourAfterNoAnswerForThreeCallsInAll() {
    #expect(decide(.standard, .noAnswer) == retry(start + .seconds(3_600)))
    #expect(decide(.standard, .noAnswer, earlier: [.noAnswer]) == retry(start + .seconds(3_600)))
    #expect(decide(.standard, .noAnswer, earlier: [.noAnswer, .noAnswer]) == .final(.retriesSpent))
  }

  @Test func standardWaitsFourHoursAfterBusyForTwoCallsInAll() {
    #expect(decide(.standard, .busy) == retry(start + .seconds(4 * 3_600)))
    #expect(decide(.standard, .busy, earlier: [.busy]) == .final(.retriesSpent))
  }

  @Test func standardRetriesAFailureAtOnceThenADayLater() {
    #expect(decide(.standard, .failed) == retry(start))
    #expect(decide(.standard, .failed, earlier: [.failed]) == retry(start + .seconds(86_400)))
    #expect(decide(.standard, .failed, earlier: [.failed, .failed]) == .final(.retriesSpent))
  }

  @Test func anInvalidNumberIsNeverRetried() {
    #expect(decide(.standard, .failed, permanent: true) == .final(.permanentFailure))
    #expect(decide(.backoff, .failed, permanent: true) == .final(.permanentFailure))
  }

  @Test func backoffWaitsLongerEachTime() throws {
    #expect(decide(.backoff, .noAnswer) == retry(start + .seconds(3_600)))
    #expect(decide(.backoff, .noAnswer, earlier: [.noAnswer]) == retry(start + .seconds(4 * 3_600)))
    #expect(decide(.backoff, .noAnswer, earlier: [.noAnswer, .noAnswer]) == retry(start + .seconds(86_400)))
    #expect(decide(.backoff, .busy) == .final(.notRetried))
  }

  @Test func sequenceRetriesBusyOnTheSameDayOnly() throws {
    let midnight = try at("2026-03-03T05:00:00Z")
    #expect(decide(.sequence, .busy) == retry(start + .seconds(7_200), notAfter: midnight))
    // Four in the afternoon: two hours later the office is shut, and tomorrow is another day.
    #expect(decide(.sequence, .busy, at: try at("2026-03-02T21:00:00Z")) == .final(.dayIsOver))
    #expect(decide(.sequence, .failed) == .final(.notRetried))
  }

  @Test func sequenceRetriesNoAnswerOnTheNextBusinessDayAtAnotherTime() throws {
    let morning = try #require(MinuteRange(start: 540, end: 720))
    #expect(decide(.sequence, .noAnswer) == retry(try at("2026-03-03T18:00:00Z"), avoiding: morning))
    let afternoon = try #require(MinuteRange(start: 780, end: 1_020))
    // Friday afternoon, and the clocks go forward on Sunday.
    let friday = try at("2026-03-06T19:00:00Z")
    #expect(
      decide(.sequence, .noAnswer, at: friday) == retry(try at("2026-03-09T13:00:00Z"), avoiding: afternoon))
    #expect(decide(.sequence, .noAnswer, earlier: [.noAnswer]) == .final(.retriesSpent))
  }

  @Test func theNextBusinessDayIsNoPublicHoliday() throws {
    // Thanksgiving is a Thursday; nothing forbids calls on it, and yet it is no business day.
    let wednesday = try at("2026-11-25T15:00:00Z")
    let morning = try #require(MinuteRange(start: 540, end: 720))
    #expect(
      decide(.sequence, .noAnswer, at: wednesday) == retry(try at("2026-11-27T18:00:00Z"), avoiding: morning))
    // Good Friday and Easter Monday in Victoria: from Thursday to Tuesday.
    let melbourne = CallingPlace(places: ["AU-VIC"], zones: try zones("Australia/Melbourne"))
    let decision = RetryPolicy.sequence.decide(
      after: PastCall(outcome: .noAnswer, at: try at("2026-04-01T23:00:00Z")), earlier: [],
      now: try at("2026-04-01T23:00:00Z"), window: DialWindow(windows: .standard, place: melbourne),
      zones: melbourne.zones)
    #expect(decision == retry(try at("2026-04-07T03:00:00Z"), avoiding: morning))
  }

  @Test func oneWindowLeavesNoOther() throws {
    let narrow = DialWindow(
      windows: try CallWindows((1...5).map { CallWindow(weekday: $0, startMinute: 540, endMinute: 600) }),
      envelope: .unitedStates)
    let decision = RetryPolicy.sequence.decide(
      after: PastCall(outcome: .noAnswer, at: start), earlier: [], now: start, window: narrow, zones: newYork)
    #expect(decision == retry(try at("2026-03-03T14:00:00Z"), avoiding: MinuteRange(start: 540, end: 600)))
  }

  @Test func answeredAndVoicemailAreNeverRetried() {
    for policy in RetryPolicy.presets {
      for outcome in CallOutcome.allCases where outcome.isFinalForLead {
        #expect(decide(policy, outcome) == .final(.outcomeIsFinal))
      }
    }
  }

  @Test func theLeadsMaximumCapsEveryRule() {
    #expect(decide(.standard, .noAnswer, earlier: [.busy, .failed], maximumCalls: 3) == .final(.maximumCalls))
    #expect(decide(.standard, .noAnswer, maximumCalls: 1) == .final(.maximumCalls))
    #expect(RetryPolicy.defaultMaximumCalls == 3)
  }

  @Test func aPlaceThatIsNotKnownIsNotCalledAgain() {
    let decision = RetryPolicy.standard.decide(
      after: PastCall(outcome: .noAnswer, at: start), earlier: [], now: start, window: window, zones: [])
    #expect(decision == .final(.noWindow))
  }

  @Test func presetsAreFoundByName() {
    #expect(RetryPolicy.presets.map(\.name) == ["standard", "backoff", "sequence"])
    #expect(RetryPolicy.preset(named: "backoff") == .backoff)
    #expect(RetryPolicy.preset(named: "often") == nil)
  }

  @Test func aPolicySurvivesJSON() throws {
    for policy in RetryPolicy.presets {
      let text = policy.json.serialize()
      #expect(try RetryPolicy(json: JSONValue.parse(text)) == policy)
    }
    let second = RetryPolicy(name: "own", version: 2, rules: [:])
    #expect(try RetryPolicy(json: JSONValue.parse(second.json.serialize())) == second)
    #expect(try RetryPolicy(json: JSONValue.parse(#"{"name":"own","rules":{}}"#)).version == 1)
    #expect(
      RetryPolicy.sequence.json.serialize()
        == #"{"name":"sequence","version":1,"rules":{"no_answer":{"delays_seconds":[],"max_retries":1,"day":"next_business_day","#
        + #""different_window":true},"busy":{"delays_seconds":[7200],"max_retries":2,"day":"same_day","#
        + #""different_window":false}}}"#)
  }

  @Test(arguments: [
    (#"[]"#, ": must be an object"),
    (#"{"rules":{}}"#, "name: must be a text that is not empty"),
    (#"{"name":"a"}"#, "rules: must be an object with a rule for each outcome to retry"),
    (#"{"name":"a","rules":{},"x":1}"#, "x: no such field: name, rules, version"),
    (#"{"name":"a","version":0,"rules":{}}"#, "version: must be a number from 1 on"),
    (#"{"name":"a","rules":{"qualified":{}}}"#, "rules.qualified: only no_answer, busy and failed can be retried"),
    (#"{"name":"a","rules":{"busy":1}}"#, "rules.busy: must be an object"),
    (#"{"name":"a","rules":{"busy":{"max_retries":1}}}"#, "rules.busy.delays_seconds: must be a list of seconds"),
    (
      #"{"name":"a","rules":{"busy":{"delays_seconds":[1,-1],"max_retries":1}}}"#,
      "rules.busy.delays_seconds[1]: must be whole seconds, 0 to 2592000"
    ),
    (
      #"{"name":"a","rules":{"busy":{"delays_seconds":[1],"max_retries":21}}}"#,
      "rules.busy.max_retries: must be a number, 0 to 20"
    ),
    (
      #"{"name":"a","rules":{"busy":{"delays_seconds":[],"max_retries":1,"day":"monday"}}}"#,
      "rules.busy.day: must be one of any, same_day, next_business_day"
    ),
    (
      #"{"name":"a","rules":{"busy":{"delays_seconds":[],"max_retries":1,"different_window":1}}}"#,
      "rules.busy.different_window: must be true or false"
    ),
  ])
  func aWrongPolicyNamesItsField(json: String, message: String) throws {
    let value = try JSONValue.parse(json)
    let error = #expect(throws: RetryPolicyError.self) { try RetryPolicy(json: value) }
    #expect(error?.description == message)
  }
}
