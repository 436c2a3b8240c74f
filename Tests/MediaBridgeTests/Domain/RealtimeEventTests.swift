import JSON
import Testing

@testable import MediaBridge

@Suite struct RealtimeEventTests {
  func parse(_ text: String) -> VoiceEvent? { RealtimeServerEvent.parse(Array(text.utf8)) }

  @Test func audioStaysWhereItIs() {
    let text =
      #"{"type":"response.output_audio.delta","event_id":"e1","response_id":"r1","item_id":"item_9","output_index":0,"content_index":0,"delta":"/w=="}"#
    guard case .audio(let audio) = parse(text) else {
      Issue.record("not audio")
      return
    }
    #expect(audio.itemID == "item_9")
    #expect(audio.payload.byteCount == 1)
    #expect(audio.payload.message == Array(text.utf8))
  }

  @Test func audioWithEscapesIsTheSame() {
    guard case .audio(let audio) = parse(#"{"type":"response.output_audio.delta","item_id":"i","delta":"\/w=="}"#)
    else {
      Issue.record("not audio")
      return
    }
    #expect(audio.itemID == "i")
    #expect(String(decoding: audio.payload.message[audio.payload.range], as: UTF8.self) == "/w==")
  }

  @Test(arguments: [
    (#"{"type":"session.updated","session":{}}"#, VoiceEvent.ready),
    (#"{"type":"session.created","session":{}}"#, .ignored),
    (
      #"{"type":"input_audio_buffer.speech_started","audio_start_ms":120,"item_id":"i1"}"#,
      .speechStarted(item: "i1", at: 120)
    ),
    (
      #"{"type":"input_audio_buffer.speech_stopped","audio_end_ms":990,"item_id":"i1"}"#,
      .speechStopped(item: "i1", at: 990)
    ),
    (
      #"{"type":"input_audio_buffer.committed","item_id":"i1","previous_item_id":null}"#,
      .committed(item: "i1", previous: nil)
    ),
    (#"{"type":"input_audio_buffer.timeout_triggered","item_id":"i1"}"#, .idled(item: "i1")),
    (
      #"{"type":"conversation.item.added","previous_item_id":"i0","item":{"id":"i1","type":"message","role":"user"}}"#,
      .itemAdded(item: "i1", previous: "i0", speaker: .person)
    ),
    (
      #"{"type":"conversation.item.added","item":{"id":"i1","type":"function_call"}}"#,
      .itemAdded(item: "i1", previous: nil, speaker: nil)
    ),
    (
      #"{"type":"conversation.item.input_audio_transcription.completed","item_id":"i1","transcript":"yes"}"#,
      .personText(item: "i1", "yes")
    ),
    (
      #"{"type":"conversation.item.input_audio_transcription.failed","item_id":"i1","error":{}}"#,
      .personText(item: "i1", nil)
    ),
    (#"{"type":"response.output_audio.done","item_id":"i2"}"#, .audioDone(item: "i2")),
    (
      #"{"type":"response.output_audio_transcript.delta","item_id":"i2","delta":"Hel"}"#, .agentWords(item: "i2", "Hel")
    ),
    (
      #"{"type":"response.output_audio_transcript.done","item_id":"i2","transcript":"Hello."}"#,
      .agentText(item: "i2", "Hello.")
    ),
    (#"{"type":"response.created","response":{"id":"r"}}"#, .responseStarted),
    (
      #"{"type":"response.done","response":{"status":"completed","usage":{"input_tokens":7,"output_tokens":9}}}"#,
      .responseEnded(failed: false, EngineUsage(inputTokens: 7, outputTokens: 9))
    ),
    (#"{"type":"response.done","response":{"status":"failed"}}"#, .responseEnded(failed: true, EngineUsage())),
    (
      #"{"type":"response.output_item.done","item":{"type":"function_call","status":"completed","call_id":"c1","name":"end_call","arguments":"{}"}}"#,
      .toolCall(id: "c1", name: "end_call", reason: "")
    ),
    (
      #"{"type":"response.output_item.done","item":{"type":"function_call","status":"completed","call_id":"c1","name":"end_call","arguments":"{\"reason\":\"opted_out\"}"}}"#,
      .toolCall(id: "c1", name: "end_call", reason: "opted_out")
    ),
    (
      #"{"type":"response.output_item.done","item":{"type":"function_call","status":"incomplete","call_id":"c1","name":"end_call"}}"#,
      .ignored
    ),
    (
      #"{"type":"error","error":{"type":"invalid_request_error","code":"bad","message":"No."}}"#,
      .problem(code: "bad", message: "No.")
    ),
    (#"{"type":"rate_limits.updated","rate_limits":[]}"#, .ignored),
  ])
  func eventsAreRead(text: String, expected: VoiceEvent) {
    #expect(parse(text) == expected)
  }

  @Test(arguments: ["", "[]", "{}", #"{"type":1}"#, #"{"type":"input_audio_buffer.speech_started"}"#])
  func whatIsNoEventIsRefused(text: String) {
    #expect(parse(text) == nil)
  }

  @Test func hostileNumbersAreBounded() {
    let text = #"{"type":"input_audio_buffer.speech_started","audio_start_ms":-99999999999999999,"item_id":"i"}"#
    #expect(parse(text) == .speechStarted(item: "i", at: 0))
  }

  @Test func theSessionIsSetUpForThePhone() throws {
    let update = try JSONValue.parse(
      RealtimeClientEvent.sessionUpdate(
        .init(instructions: "Be \"kind\".", voice: "cedar", transcriptionModel: "gpt-transcribe")))
    let session = update["session"]
    #expect(update["type"] == "session.update")
    #expect(session?["type"] == "realtime")
    #expect(session?["instructions"] == "Be \"kind\".")
    #expect(session?["output_modalities"] == ["audio"])
    #expect(session?["audio"]?["input"]?["format"] == ["type": "audio/pcmu"])
    #expect(session?["audio"]?["output"]?["format"] == ["type": "audio/pcmu"])
    #expect(session?["audio"]?["output"]?["voice"] == "cedar")
    #expect(session?["audio"]?["input"]?["turn_detection"]?["interrupt_response"] == true)
    #expect(session?["tools"]?[0]?["name"] == "end_call")
  }

  @Test(arguments: [("", "marin"), ("Polly.Nicole", "marin"), ("ash", "ash")])
  func anUnknownVoiceIsTheDefault(name: String, expected: String) throws {
    let update = try JSONValue.parse(
      RealtimeClientEvent.sessionUpdate(.init(instructions: "", voice: name, transcriptionModel: "m")))
    #expect(update["session"]?["audio"]?["output"]?["voice"]?.stringValue == expected)
  }

  @Test func clientEventsAreWritten() throws {
    #expect(try JSONValue.parse(RealtimeClientEvent.responseCreate(instructions: nil)) == ["type": "response.create"])
    #expect(
      try JSONValue.parse(RealtimeClientEvent.responseCreate(instructions: "Say hi"))
        == ["type": "response.create", "response": ["instructions": "Say hi"]])
    #expect(
      try JSONValue.parse(RealtimeClientEvent.truncate(item: "i", milliseconds: 300))
        == ["type": "conversation.item.truncate", "item_id": "i", "content_index": 0, "audio_end_ms": 300])
    var buffer: [UInt8] = []
    let audio = AudioPayload(message: Array("xAAAAy".utf8), range: 1..<5)
    for _ in 0..<2 {
      RealtimeClientEvent.appendAudio(audio, to: &buffer)
      #expect(try JSONValue.parse(buffer) == ["type": "input_audio_buffer.append", "audio": "AAAA"])
    }
  }
}
