import Core
import HTTP
import RingmasterMessages
import Testing

@testable import MediaBridge

/// Callbacks over real HTTP: signed or not, late, twice, out of order, lost.
@Suite(.serialized, .timeLimit(.minutes(3))) struct WebhookTests {
  @Test func whatIsNotSignedChangesNothing() async throws {
    try await BridgeHarness.with { bridge in
      let id = CallID.random()
      let call = try await bridge.placed(bridge.request(id))
      let form = [("CallSid", call.sid), ("CallStatus", "completed"), ("SequenceNumber", "3")]
      let unsigned = try await bridge.twilio.post(call.value("StatusCallback"), form, to: bridge.port, signed: false)
      #expect(unsigned.status == .forbidden)
      // A signature for another call's address.
      let other = "\(MiniTwilio.publicURL)/twilio/status/\(CallID.random())"
      var request = HTTPClientRequest.form(url: "http://127.0.0.1:\(bridge.port)/twilio/status/\(id)", form)
      request.headers["X-Twilio-Signature"] = MiniTwilio.signature(other, form)
      #expect(try await bridge.twilio.client.send(request).status == .forbidden)
      #expect(try await bridge.state(id)?.record.state == .initiated)
      let socket = try? await bridge.twilio.stream(
        call, url: "wss://bridge.example.com/twilio/stream/\(id)", signature: "AAAA", to: bridge.port)
      #expect(socket == nil)
    }
  }

  @Test func callbacksThatNameNothingOfOursAreAnsweredClearly() async throws {
    try await BridgeHarness.with { bridge in
      let call = try await bridge.placed(bridge.request())
      let form = [("CallSid", call.sid), ("CallStatus", "ringing")]
      let base = "\(MiniTwilio.publicURL)/twilio/status"
      #expect(try await bridge.twilio.post("\(base)/\(CallID.random())", form, to: bridge.port).status == .notFound)
      #expect(try await bridge.twilio.post("\(base)/7", form, to: bridge.port).status == .notFound)
      let url = call.value("StatusCallback")
      #expect(try await bridge.twilio.post(url, [("CallSid", call.sid)], to: bridge.port).status == .badRequest)
      let large = form + [("Junk", String(repeating: "x", count: 40_000))]
      #expect(try await bridge.twilio.post(url, large, to: bridge.port).status == .contentTooLarge)
    }
  }

  @Test(arguments: UInt64(1)...12) func anyOrderAndAnyRepetitionTellTheSameStory(seed: UInt64) async throws {
    try await BridgeHarness.with { bridge in
      var generator = SeededGenerator(seed: seed)
      let id = CallID.random()
      let call = try await bridge.placed(bridge.request(id))
      let statuses: [(String, Int, Int?)] = [
        ("initiated", 0, nil), ("ringing", 1, nil), ("in-progress", 2, nil), ("completed", 3, 12),
      ]
      let deliveries = (statuses + statuses + statuses).shuffled(using: &generator)
      await withTaskGroup(of: Void.self) { group in
        for (status, sequence, duration) in deliveries {
          group.addTask {
            let answer = try? await bridge.twilio.report(
              status, of: call, sequence: sequence, duration: duration, to: bridge.port)
            #expect(answer == .noContent)
          }
        }
      }
      let (progress, ended) = try await bridge.story(of: id)
      #expect(ended.state == .completed)
      #expect(ended.talkDuration?.duration == .seconds(12))
      #expect(progress == [.initiated, .ringing, .inProgress].filter { progress.contains($0) })
      #expect(try await bridge.endings() == [id.description: 1])
      let counted = bridge.app.control.metrics.webhooks
      #expect(counted.value("status", "stored") == 4)
      #expect(counted.value("status", "duplicate") == 8)
    }
  }

  @Test(arguments: [
    ("busy", 486, RingmasterMessages.CallState.busy), ("no-answer", 487, .noAnswer), ("failed", 404, .failed),
  ])
  func callsThatWereNotAnsweredAreTold(status: String, sip: Int, state: RingmasterMessages.CallState) async throws {
    try await BridgeHarness.with { bridge in
      let id = CallID.random()
      let call = try await bridge.placed(bridge.request(id))
      try await bridge.twilio.report(status, of: call, sequence: 2, duration: 0, sip: sip, to: bridge.port)
      let (_, ended) = try await bridge.story(of: id)
      #expect(ended.state == state)
      #expect(ended.answeredAt == nil)
      #expect(
        ended.facts.compactMap(\.kind) == [.providerEnded(ProviderEnded(status: status, sipCode: Int32(sip)))])
      #expect(bridge.app.calls.count == 0)
    }
  }

  @Test func aSecondStreamOfACallIsRefused() async throws {
    try await BridgeHarness.with { bridge in
      let call = try await bridge.placed(bridge.request())
      let instructions = try await bridge.twilio.answer(call, at: bridge.port)
      let first = try await bridge.twilio.stream(call, instructions: instructions, to: bridge.port)
      let session = try #require(try await bridge.engine.sessions.next())
      _ = try await session.next("response.create")
      let second = try await bridge.twilio.stream(call, instructions: instructions, to: bridge.port)
      #expect(try await second.next() == nil)
      try await first.stop()
    }
  }

  @Test func aStreamThatNamesAnotherCallIsRefused() async throws {
    try await BridgeHarness.with { bridge in
      let call = try await bridge.placed(bridge.request())
      let instructions = try await bridge.twilio.answer(call, at: bridge.port)
      var other = call
      other.sid = "CA0000000000000000000000000000ffff"
      let stream = try await bridge.twilio.stream(other, instructions: instructions, to: bridge.port)
      #expect(try await stream.next() == nil)
      #expect(bridge.app.control.metrics.strays.value() == 1)
    }
  }

  @Test func aLostLastWordIsAskedForAtTheDeadline() async throws {
    try await BridgeHarness.with { bridge in
      let id = CallID.random()
      let call = try await bridge.placed(bridge.request(id))
      try await bridge.app.watchdog.round()
      #expect(try await bridge.endings().isEmpty)
      bridge.twilio.set("busy", of: call.sid)
      bridge.clock.advance(by: .minutes(5))
      try await bridge.app.watchdog.round()
      let (_, ended) = try await bridge.story(of: id)
      #expect(ended.state == .busy)
    }
  }

  @Test func aCallThatTheProviderForgotEndsForThatReason() async throws {
    try await BridgeHarness.with { bridge in
      let id = CallID.random()
      let call = try await bridge.placed(bridge.request(id))
      bridge.twilio.forget(call.sid)
      bridge.clock.advance(by: .minutes(5))
      try await bridge.app.watchdog.round()
      let (_, ended) = try await bridge.story(of: id)
      #expect(ended.facts.compactMap(\.kind) == [.failure("no_terminal_event")])
    }
  }

  @Test func aCallThatIsOverdueIsHungUp() async throws {
    try await BridgeHarness.with { bridge in
      let id = CallID.random()
      let call = try await bridge.placed(bridge.request(id))
      bridge.twilio.set("in-progress", of: call.sid)
      try await bridge.twilio.report("in-progress", of: call, sequence: 2, to: bridge.port)
      bridge.clock.advance(by: .minutes(5))
      try await bridge.app.watchdog.round()
      #expect(try await bridge.twilio.updates.next()?.sid == call.sid)
      #expect(try await bridge.endings().isEmpty)
      bridge.twilio.set("completed", of: call.sid)
      bridge.clock.advance(by: .minutes(5))
      // A round passes over calls that somebody else works on.
      while try await bridge.state(id)?.record.isFinished == false { try await bridge.app.watchdog.round() }
      #expect(try await bridge.story(of: id).ended.state == .completed)
    }
  }

  @Test func anIntentThatCouldNotBeToldIsToldByWhoeverIsFree() async throws {
    try await BridgeHarness.with { bridge in
      let id = CallID.random()
      let call = try await bridge.placed(bridge.request(id))
      // The instance that wanted the call to end died before it could tell the provider.
      _ = try await bridge.app.control.store.apply(
        .end(.requested), to: id, now: bridge.clock.now(), deadlines: bridge.app.control.deadlines)
      while bridge.twilio.updates.count == 0 { _ = try await bridge.app.tender.round() }
      #expect(try await bridge.twilio.updates.next()?.sid == call.sid)
      while try await bridge.state(id)?.record.intent != nil { await Task.yield() }
    }
  }
}
