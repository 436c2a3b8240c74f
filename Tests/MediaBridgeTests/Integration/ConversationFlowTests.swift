import Core
import JSON
import RingmasterMessages
import Testing
import Wire

@testable import MediaBridge

/// Whole calls over real sockets.
@Suite(.serialized, .timeLimit(.minutes(3))) struct ConversationFlowTests {
  @Test func aCallIsPlacedHeldEndedAndTold() async throws {
    try await BridgeHarness.with { bridge in
      let id = CallID.random()
      let call = try await bridge.placed(bridge.request(id, to: "+14155550100"))
      #expect(call.value("To") == "+14155550100")
      #expect(call.value("StatusCallback") == "https://bridge.example.com/twilio/status/\(id)")
      try await bridge.twilio.report("ringing", of: call, sequence: 1, to: bridge.port)
      let (stream, session) = try await bridge.answered(call)

      let greeting = try #require(try await session.next("response.create"))
      #expect(greeting["response"]?["instructions"]?.stringValue?.hasSuffix(": Hello, this is Alex.") == true)
      try await session.say("Hello, this is Alex.", item: "a1", after: nil, milliseconds: 400)
      let media = try #require(try await stream.next("media"))
      #expect(media["streamSid"] == "MZ1")
      #expect(media["media"]?["payload"]?.stringValue == Base64.encode([UInt8](repeating: 0xFF, count: 3_200)))
      let mark = try #require(try await stream.next("mark"))
      #expect(mark["mark"]?["name"] == "a1:400")
      try await stream.speak(frames: 20)
      try await stream.reach(mark)
      try await stream.speak(frames: 1)
      await session.heard(21)
      try await session.hear("We have ten thousand.", item: "p1", after: "a1", from: 420, to: 900)
      try await session.say("Thank you, goodbye.", item: "a2", after: "p1", milliseconds: 600, ends: true)
      let goodbye = try #require(try await stream.next("mark"))
      try await stream.reach(goodbye)

      let update = try #require(try await bridge.twilio.updates.next())
      #expect(update.sid == call.sid)
      #expect(update.form.map(\.1) == ["completed"])
      try await stream.stop()
      try await bridge.twilio.report("completed", of: call, sequence: 3, duration: 8, sip: 200, to: bridge.port)

      let (progress, ended) = try await bridge.story(of: id)
      #expect(progress == [.initiated, .ringing, .inProgress])
      #expect(ended.state == .completed)
      #expect(ended.transcript.map(\.text) == ["Hello, this is Alex.", "We have ten thousand.", "Thank you, goodbye."])
      #expect(ended.transcript.map(\.speaker) == [.agent, .person, .agent])
      #expect(
        ended.facts.compactMap(\.kind) == [
          .hungUpByUs("end_call"), .providerEnded(ProviderEnded(status: "completed", sipCode: 200)),
        ])
      #expect(ended.talkDuration?.duration == .seconds(8))
      #expect(ended.engineInputTokens == 20)
      #expect(ended.engineOutputTokens == 10)
      #expect(ended.turnLatencyMilliseconds.count == 1)
      #expect(ended.providerCallId == call.sid)
      #expect(ended.to == "+14155550100" && ended.from == "+14155550199")
      #expect(session.audio.withLock { $0 } == 21)
      #expect(bridge.app.calls.count == 0)
    }
  }

  @Test func thePersonCanInterrupt() async throws {
    try await BridgeHarness.with { bridge in
      let call = try await bridge.placed(bridge.request())
      let (stream, session) = try await bridge.answered(call)
      _ = try await session.next("response.create")
      try await session.say("One two three four", item: "a1", after: nil, milliseconds: 1_000)
      let mark = try #require(try await stream.next("mark"))
      try await stream.speak(frames: 25)
      // The engine has heard half a second, so the carrier has played as much.
      await session.heard(25)
      try await session.send(["type": "input_audio_buffer.speech_started", "audio_start_ms": 400, "item_id": "p1"])
      #expect(try await stream.next("clear") != nil)
      let cut = try #require(try await session.next("conversation.item.truncate"))
      #expect(cut["item_id"] == "a1")
      #expect(cut["audio_end_ms"] == 480)
      try await stream.reach(mark)  // Flushed, not played.
      // What comes late of the interrupted words is not played.
      try await session.send([
        "type": "response.output_audio.delta", "item_id": "a1", "delta": .string(Base64.encode([0xFF, 0xFF])),
      ])
      try await session.say("Yes?", item: "a2", after: "p1", milliseconds: 200)
      let next = try #require(try await stream.next("media"))
      #expect(next["media"]?["payload"]?.stringValue == Base64.encode([UInt8](repeating: 0xFF, count: 1_600)))
      try await stream.stop()
    }
  }

  @Test func anOptOutIsToldWhileTheCallGoesOn() async throws {
    try await BridgeHarness.with { bridge in
      let id = CallID.random()
      let call = try await bridge.placed(bridge.request(id, to: "+14155550100"))
      let (stream, session) = try await bridge.answered(call)
      _ = try await session.next("response.create")
      try await session.hear("Take me off your list.", item: "p1", after: nil, from: 0, to: 200)
      try await session.say(
        "Of course, goodbye.", item: "a1", after: "p1", milliseconds: 400, ends: true, reason: "opted_out")
      let heard = try await bridge.optOut(of: id)
      #expect(heard.number == "+14155550100")
      #expect(heard.at != nil && !heard.campaignId.isEmpty && !heard.leadId.isEmpty)
      #expect(bridge.app.calls.count == 1)
      try await stream.stop()
      try await bridge.twilio.report("completed", of: call, sequence: 2, duration: 1, to: bridge.port)
      #expect(try await bridge.story(of: id).ended.transcript.first?.text == "Take me off your list.")
    }
  }

  @Test func lastWordsBeforeTheLineDropsAreKept() async throws {
    try await BridgeHarness.with { bridge in
      let id = CallID.random()
      let call = try await bridge.placed(bridge.request(id))
      let (stream, session) = try await bridge.answered(call)
      _ = try await session.next("response.create")
      try await stream.speak(frames: 10)
      try await session.send(["type": "input_audio_buffer.speech_started", "audio_start_ms": 0, "item_id": "p1"])
      // The event has arrived when one behind it was acted upon.
      try await session.send(["type": "response.done", "response": ["status": "failed"]])
      _ = try await session.next("response.create")
      try await stream.stop()
      #expect(try await session.next("input_audio_buffer.commit") != nil)
      try await session.transcribe("Take me off your list", item: "p1", after: nil)
      try await bridge.twilio.report("completed", of: call, sequence: 2, duration: 1, to: bridge.port)
      let (_, ended) = try await bridge.story(of: id)
      #expect(ended.transcript.map(\.text) == ["Take me off your list"])
    }
  }

  @Test func aCallWhoseEngineBreaksIsEnded() async throws {
    try await BridgeHarness.with { bridge in
      let id = CallID.random()
      let call = try await bridge.placed(bridge.request(id))
      let (stream, session) = try await bridge.answered(call)
      _ = try await session.next("response.create")
      await session.socket.close()
      #expect(try await bridge.twilio.updates.next()?.form.map(\.1) == ["completed"])
      try await stream.stop()
      try await bridge.twilio.report("completed", of: call, sequence: 2, duration: 1, to: bridge.port)
      let (_, ended) = try await bridge.story(of: id)
      #expect(ended.facts.first?.kind == .hungUpByUs("engine_lost"))
    }
  }

  @Test func aStreamThatBreaksIsTold() async throws {
    try await BridgeHarness.with { bridge in
      let id = CallID.random()
      let call = try await bridge.placed(bridge.request(id))
      let (stream, session) = try await bridge.answered(call)
      _ = try await session.next("response.create")
      await stream.socket.close()  // Without a "stop".
      try await bridge.twilio.report("completed", of: call, sequence: 2, duration: 1, to: bridge.port)
      let (_, ended) = try await bridge.story(of: id)
      #expect(ended.facts.compactMap(\.kind).contains(.failure("broken_off")))
    }
  }

  @Test func aMachineGetsTheMessage() async throws {
    try await BridgeHarness.with { bridge in
      let id = CallID.random()
      let call = try await bridge.placed(bridge.request(id, voicemail: true))
      let (stream, session) = try await bridge.answered(call)
      _ = try await session.next("response.create")
      let verdict = [("CallSid", call.sid), ("AnsweredBy", "machine_end_beep"), ("MachineDetectionDuration", "4000")]
      let answer = try await bridge.twilio.post(call.value("AsyncAmdStatusCallback"), verdict, to: bridge.port)
      #expect(answer.status == .noContent)
      let update = try #require(try await bridge.twilio.updates.next())
      #expect(update.form.first?.1.contains("<Say>Sorry to have missed you.</Say><Hangup/>") == true)
      try await stream.stop()
      while try await bridge.state(id)?.record.intent != nil { await Task.yield() }
      try await bridge.twilio.report("completed", of: call, sequence: 3, duration: 15, to: bridge.port)
      let (_, ended) = try await bridge.story(of: id)
      #expect(ended.state == .voicemail)
      #expect(
        ended.facts.compactMap(\.kind) == [
          .answeredBy("machine_end_beep"), .voicemailLeft(true),
          .providerEnded(ProviderEnded(status: "completed", sipCode: 0)),
        ])
    }
  }

  @Test func aConversationWhoseInstanceDiedIsToldByAnother() async throws {
    try await BridgeHarness.with { bridge in
      let id = CallID.random()
      let call = try await bridge.placed(bridge.request(id))
      let (stream, session) = try await bridge.answered(call)
      _ = try await session.next("response.create")
      try await session.say("Hello, this is Alex.", item: "a1", after: nil, milliseconds: 400)
      let mark = try #require(try await stream.next("mark"))
      try await stream.reach(mark)
      while try await bridge.pool.query(bridge.app.control.store.query("TurnsOfCall"), TenantID.standard, id).isEmpty {
        await Task.yield()
      }
      try await bridge.another { other in
        // The provider's last word comes to the other instance while the first still seems to live: the words go on.
        try await bridge.twilio.report("completed", of: call, sequence: 3, duration: 9, to: other.port)
        try await other.app.watchdog.round()
        #expect(try await other.endings().isEmpty)
        // The first is gone.
        try await bridge.app.control.store.leave()
        try await other.app.watchdog.round()
        let (_, ended) = try await other.story(of: id)
        #expect(ended.transcript.map(\.text) == ["Hello, this is Alex."])
        #expect(ended.state == .completed)
        #expect(ended.facts.last?.kind == .failure("broken_off"))
        #expect(try await other.endings() == [id.description: 1])
      }
      try await stream.stop()
    }
  }
}
