import Core
import JSON
import Testing

@testable import PhoneNetwork

@Suite struct RealtimeTests {
  private static let start = Instant(microsecondsSince1970: 0)

  private static func session() -> RealtimeSession {
    var session = RealtimeSession(id: "t", model: "gpt-realtime-2.1")
    _ = session.takeEvents()
    return session
  }

  private static func send(_ event: JSONValue, to session: inout RealtimeSession) -> [JSONValue] {
    session.receive(event.serializedBytes(), at: start)
    return events(&session)
  }

  private static func events(_ session: inout RealtimeSession) -> [JSONValue] {
    session.takeEvents().compactMap { try? JSONValue.parse($0) }
  }

  private static func update(_ settings: JSONValue) -> JSONValue { ["type": "session.update", "session": settings] }

  @Test func absentSettingsStayAsTheyAre() {
    var session = Self.session()
    var update = Self.update(["type": "realtime", "instructions": "A", "audio": ["output": ["voice": "cedar"]]])
    #expect(Self.send(update, to: &session).first?["type"] == "session.updated")
    update = Self.update([
      "type": "realtime", "audio": ["input": ["turn_detection": ["type": "server_vad", "threshold": 0.7]]],
    ])
    let shown = Self.send(update, to: &session).first?["session"]
    #expect(shown?["instructions"] == "A" && shown?["audio"]?["output"]?["voice"] == "cedar")
    #expect(shown?["audio"]?["input"]?["turn_detection"]?["threshold"] == 0.7)
    #expect(shown?["audio"]?["input"]?["turn_detection"]?["silence_duration_ms"] == 500)
  }

  @Test(
    arguments: [
      ([:], "missing_required_parameter", "session.type"),
      (["type": "realtime", "voice": "alloy"], "unknown_parameter", "session.voice"),
      (["type": "realtime", "modalities": ["audio"]], "unknown_parameter", "session.modalities"),
      (["type": "realtime", "input_audio_format": "g711_ulaw"], "unknown_parameter", "session.input_audio_format"),
      (["type": "realtime", "output_modalities": ["audio", "text"]], "invalid_value", "session.output_modalities"),
      (["type": "realtime", "max_output_tokens": 5_000], "invalid_value", "session.max_output_tokens"),
      (["type": "realtime", "audio": ["output": ["voice": "bob"]]], "invalid_value", "session.audio.output.voice"),
      (
        ["type": "realtime", "audio": ["input": ["format": ["type": "audio/pcm", "rate": 24_000]]]], "invalid_value",
        "session.audio.input.format.type"
      ),
      (
        ["type": "realtime", "audio": ["input": ["turn_detection": ["type": "server_vad", "idle_timeout_ms": 1]]]],
        "invalid_value", "session.audio.input.turn_detection.idle_timeout_ms"
      ),
      (["type": "realtime", "tools": [["type": "function"]]], "missing_required_parameter", "session.tools[0].name"),
      (["type": "transcription"], "invalid_value", "session.type"),
    ] as [(JSONValue, String, String)]) func wrongSettingsAreRefusedWhole(
      settings: JSONValue, code: String, param: String
    )
  {
    var session = Self.session()
    let before = session.settings
    var object = settings.objectValue ?? [:]
    object["instructions"] = "changed"
    let events = Self.send(Self.update(.object(object)), to: &session)
    #expect(events.count == 1)
    #expect(events.first?["error"]?["code"]?.stringValue == code)
    #expect(events.first?["error"]?["param"]?.stringValue == param)
    #expect(session.settings == before)
  }

  @Test func theVoiceStaysOnceItWasHeard() {
    var session = Self.session()
    _ = Self.send(["type": "response.create"], to: &session)
    session.advance(to: Self.start + .seconds(60))
    #expect(Self.events(&session).last?["type"] == "response.done")
    let events = Self.send(
      Self.update(["type": "realtime", "audio": ["output": ["voice": "cedar"]]]), to: &session)
    #expect(events.first?["error"]?["code"] == "cannot_update_voice")
  }

  @Test func tokensEndAResponse() {
    var session = Self.session()
    _ = Self.send(Self.update(["type": "realtime", "max_output_tokens": 20]), to: &session)
    _ = Self.send(["type": "response.create"], to: &session)
    session.advance(to: Self.start + .seconds(60))
    let done = Self.events(&session).last
    #expect(done?["response"]?["status"] == "incomplete")
    #expect(done?["response"]?["status_details"]?["reason"] == "max_output_tokens")
  }

  @Test func withoutTurnDetectionTheClientCommits() {
    var session = Self.session()
    _ = Self.send(
      Self.update([
        "type": "realtime",
        "audio": ["input": ["turn_detection": nil, "transcription": ["model": "gpt-transcribe"]]],
      ]), to: &session)
    let audio = Array(SpeechTests.frames("I would say 15k.").joined())
    let appended = Self.send(
      ["type": "input_audio_buffer.append", "audio": .string(Base64.encode(audio))], to: &session)
    #expect(appended.isEmpty)
    let events = Self.send(["type": "input_audio_buffer.commit"], to: &session)
    #expect(
      events.compactMap { $0["type"]?.stringValue } == [
        "input_audio_buffer.committed", "conversation.item.added", "conversation.item.done",
        "conversation.item.input_audio_transcription.delta", "conversation.item.input_audio_transcription.completed",
      ])
    #expect(events.last?["transcript"] == "I would say 15k.")
  }

  // MARK: Turns

  @Test func turnsAreFoundInAudioTime() {
    var detector = VoiceActivityDetector(.init(prefixPaddingMilliseconds: 300, silenceDurationMilliseconds: 500))
    var changes: [VoiceActivityDetector.Change] = []
    func hear(_ loudness: Int, milliseconds: Int) {
      for _ in 0..<AudioFrame.count(milliseconds: milliseconds) {
        if let change = detector.take(loudness: loudness) { changes.append(change) }
      }
    }
    hear(0, milliseconds: 1_000)
    hear(2_000, milliseconds: 20)  // A click.
    hear(100, milliseconds: 980)  // Noise.
    hear(2_000, milliseconds: 600)
    hear(0, milliseconds: 480)  // A pause that is not long enough.
    hear(2_000, milliseconds: 400)
    hear(0, milliseconds: 1_000)
    #expect(changes == [.started(atMilliseconds: 1_700), .stopped(atMilliseconds: 3_980)])
  }

  @Test func louderIsNeededAtAHigherThreshold() {
    for (threshold, isHeard) in [(0.1, true), (0.5, true), (1.0, false)] {
      var detector = VoiceActivityDetector(.init(threshold: threshold))
      let changes = (0..<10).compactMap { _ in detector.take(loudness: 1_000) }
      #expect(changes.isEmpty != isHeard)
    }
  }

  // MARK: Hostile input

  @Test(arguments: UInt64(1)...10) func mutatedEventsDoNotCrash(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let audio = Base64.encode(Array(SpeechTests.frames("Hello there.").joined().prefix(800)))
    let events: [JSONValue] = [
      Self.update([
        "type": "realtime", "instructions": "Agent name: A\nQuestions to ask:\n- budget: B?",
        "audio": ["input": ["turn_detection": ["type": "server_vad"]]],
        "tools": [["type": "function", "name": "end_call"]],
      ]),
      ["type": "input_audio_buffer.append", "audio": .string(audio)], ["type": "input_audio_buffer.commit"],
      ["type": "input_audio_buffer.clear"], ["type": "response.create", "response": ["instructions": "Say: \"x\""]],
      ["type": "response.cancel"],
      ["type": "conversation.item.truncate", "item_id": "item_t_5", "content_index": 0, "audio_end_ms": 100],
      ["type": "conversation.item.delete", "item_id": "item_t_5"],
      [
        "type": "conversation.item.create",
        "item": ["type": "message", "role": "user", "content": [["type": "input_text", "text": "bye"]]],
      ],
    ]
    var session = Self.session()
    var now = Self.start
    for _ in 0..<1_000 {
      var bytes = (events.randomElement(using: &generator) ?? [:]).serializedBytes()
      for _ in 0..<Int.random(in: 0...3, using: &generator) {
        bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
      }
      session.receive(bytes, at: now)
      now += .milliseconds(Int.random(in: 0...300, using: &generator))
      session.advance(to: now)
      for event in session.takeEvents() { #expect(throws: Never.self) { try JSONValue.parse(event) } }
    }
  }

  // MARK: The agent's brief

  @Test func theBriefIsReadFromTheInstructions() {
    let brief = AgentBrief(instructions: ConversationTests.instructions)
    #expect(brief.agentName == "Alex" && brief.business == "Northwind Services" && brief.lead == "Ada Abbott")
    #expect(brief.questions == AgentBrief.standardQuestions)
    let other = AgentBrief(
      instructions: "Questions to ask:\n- seats: How many seats do you need?\n- Why now?\n\n- no: more")
    #expect(other.questions.map(\.key) == ["seats", "Why now?"])
    #expect(AgentBrief(instructions: "").questions == AgentBrief.standardQuestions)
  }

  @Test func aDirectiveIsSaidWordForWord() {
    let dialogue = AgentDialogue(brief: AgentBrief(instructions: ""))
    let words = "Hello, is this Ada? This is Alex, an AI assistant."
    for directive in ["Say this, word for word, and then wait: \(words)", "Greet with \"\(words)\""] {
      #expect(dialogue.next(after: [], directive: directive).text == words)
    }
    let first = dialogue.next(after: [.agent(.init(greets: true), share: 1), .person("Yes, go ahead.")])
    #expect(first.text.contains("a few short questions") && first.act.asks == 0)
  }

  @Test func whatWasNotHeardIsSaidAgain() {
    let dialogue = AgentDialogue(brief: AgentBrief(instructions: ""))
    let greeted: [AgentDialogue.Entry] = [.agent(.init(greets: true, givesReason: true), share: 1), .person("Sure.")]
    #expect(dialogue.next(after: [.agent(.init(greets: true), share: 0.2), .person("Hello?")]).act.greets)
    let cut = greeted + [.agent(.init(asks: 0), share: 0.3), .person("Uh-huh.")]
    #expect(dialogue.next(after: cut).act.asks == 0)
    let heard = greeted + [.agent(.init(asks: 0), share: 1), .person("15k.")]
    #expect(dialogue.next(after: heard).act.asks == 1)
    let silent = greeted + [.silence, .silence, .silence]
    #expect(dialogue.next(after: silent).act.closes == AgentDialogue.EndReason.noResponse)
  }
}
