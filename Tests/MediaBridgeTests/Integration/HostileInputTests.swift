import Core
import Glibc
import HTTP
import RingmasterMessages
import TestSupport
import Testing

@testable import MediaBridge

/// Ten thousand random or mutated inputs to each door that strangers can reach: nothing breaks, memory stays flat. The
/// seed is the argument.
@Suite(.serialized, .timeLimit(.minutes(5))) struct HostileInputTests {
  static let inputs = 10_000
  /// What allocators may keep for themselves.
  static let memoryTolerance = 24 << 20

  /// Feeds the inputs, a tenth of them before memory is measured.
  func feed(_ seed: UInt64, _ input: (inout SeededGenerator) async throws -> Void) async throws {
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<(Self.inputs / 10) { try await input(&generator) }
    let before = ProcessFigures.residentBytes()
    for _ in 0..<(Self.inputs * 9 / 10) { try await input(&generator) }
    #expect(ProcessFigures.residentBytes() - before < Self.memoryTolerance)
  }

  /// Now and then the right thing, mostly nearly so, sometimes noise; always with the right signature, because without
  /// one nothing is read at all.
  @Test(arguments: [TwilioCallback.Kind.status, .machineDetection, .voice], [UInt64(20_261)])
  func callbacks(kind: TwilioCallback.Kind, seed: UInt64) async throws {
    try await BridgeHarness.with { bridge in
      let id = CallID.random()
      let call = try await bridge.placed(bridge.request(id))
      let url = call.value(
        kind == .status ? "StatusCallback" : kind == .voice ? "Url" : "AsyncAmdStatusCallback")
      let words =
        ProviderStatus.allCases.map(\.rawValue) + AnsweredBy.allCases.map(\.rawValue) + ["", "0", "99999999999"]
      try await feed(seed) { generator in
        var form = [("CallSid", call.sid)]
        for name in ["CallStatus", "AnsweredBy", "SequenceNumber", "CallDuration", "SipResponseCode", "Timestamp"] {
          form.append((name, words.randomElement(using: &generator) ?? ""))
        }
        var body = Array(FormEncoding.encode(form).utf8)
        for _ in 0..<Int.random(in: 0...3, using: &generator) { body.mutate(using: &generator) }
        if Int.random(in: 0..<8, using: &generator) == 0 {
          body = (0..<Int.random(in: 0...200, using: &generator)).map { _ in .random(in: 0...255, using: &generator) }
        }
        var request = HTTPClientRequest(
          method: .post, url: "http://127.0.0.1:\(bridge.port)\(url.dropFirst(MiniTwilio.publicURL.count))", body: body)
        request.headers["Content-Type"] = "application/x-www-form-urlencoded"
        request.headers["X-Twilio-Signature"] = MiniTwilio.signature(url, FormEncoding.decode(body))
        let status = try await bridge.twilio.client.send(request).status
        #expect([200, 204, 400].contains(status.code), "seed \(seed)")
      }
      // A sound one is still taken in.
      let fresh = try await bridge.placed(bridge.request())
      #expect(try await bridge.twilio.report("ringing", of: fresh, sequence: 1, to: bridge.port) == .noContent)
    }
  }

  @Test(arguments: [UInt64(20_262)]) func streamMessages(seed: UInt64) async throws {
    try await BridgeHarness.with { bridge in
      let id = CallID.random()
      let call = try await bridge.placed(bridge.request(id))
      let (stream, session) = try await bridge.answered(call)
      _ = try await session.next("response.create")
      let seeds = [
        #"{"event":"media","streamSid":"MZ1","media":{"track":"inbound","timestamp":"20","payload":"////"}}"#,
        #"{"event":"mark","streamSid":"MZ1","mark":{"name":"a1:200"}}"#, #"{"event":"dtmf","dtmf":{"digit":"5"}}"#,
        #"{"event":"start","start":{"streamSid":"MZ1","callSid":"CA1"}}"#, #"{"event":"connected"}"#,
      ].map { Array($0.utf8) }
      try await feed(seed) { generator in
        var message = seeds.randomElement(using: &generator) ?? []
        for _ in 0..<Int.random(in: 0...4, using: &generator) { message.mutate(using: &generator) }
        // A stop, or too long a talk, would end the test early.
        guard TwilioStreamMessage.parse(message) != .stop else { return }
        if Bool.random(using: &generator) {
          try await stream.socket.send(binary: message)
        } else {
          try await stream.socket.send(text: String(decoding: message, as: UTF8.self))
        }
      }
      try await stream.stop()
      try await bridge.twilio.report("completed", of: call, sequence: 3, duration: 1, to: bridge.port)
      #expect(try await bridge.story(of: id).ended.state == .completed)
      #expect(bridge.app.control.metrics.invalidMessages.value() > 0)
    }
  }

  @Test(arguments: [UInt64(20_263)]) func engineMessages(seed: UInt64) async throws {
    try await BridgeHarness.with { bridge in
      let id = CallID.random()
      let call = try await bridge.placed(bridge.request(id))
      let (stream, session) = try await bridge.answered(call)
      _ = try await session.next("response.create")
      let seeds = [
        #"{"type":"response.output_audio.delta","item_id":"a1","content_index":0,"delta":"////"}"#,
        #"{"type":"response.output_audio_transcript.delta","item_id":"a1","delta":"word "}"#,
        #"{"type":"input_audio_buffer.speech_started","audio_start_ms":1,"item_id":"p1"}"#,
        #"{"type":"input_audio_buffer.speech_stopped","audio_end_ms":9,"item_id":"p1"}"#,
        #"{"type":"conversation.item.input_audio_transcription.completed","item_id":"p1","transcript":"yes"}"#,
        #"{"type":"conversation.item.added","previous_item_id":"a1","item":{"id":"p1","type":"message","role":"user"}}"#,
        #"{"type":"response.output_audio.done","item_id":"a1"}"#, #"{"type":"error","error":{"code":"x"}}"#,
      ].map { Array($0.utf8) }
      await withTaskGroup(of: Void.self) { group in
        // The carrier takes whatever comes.
        group.addTask { while let message = try? await stream.next(), message != nil {} }
        do {
          try await feed(seed) { generator in
            var message = seeds.randomElement(using: &generator) ?? []
            for _ in 0..<Int.random(in: 0...4, using: &generator) { message.mutate(using: &generator) }
            try await session.socket.send(text: String(decoding: message, as: UTF8.self))
          }
        } catch {
          Issue.record("the bridge closed the engine's socket: \(error), seed \(seed)")
        }
        group.cancelAll()
      }
      try await stream.stop()
      try await bridge.twilio.report("completed", of: call, sequence: 3, duration: 1, to: bridge.port)
      #expect(try await bridge.story(of: id).ended.state == .completed)
    }
  }
}
