import Core
import JSON

@testable import PhoneNetwork

/// A call without network and without real time: an answerer and an engine session, joined by what a correct bridge
/// does (barge-in as in OpenAI's and Twilio's guides), some frames of delay each way.
struct LoopbackCall {
  private(set) var answerer: Answerer
  private(set) var session: RealtimeSession
  private(set) var events: [JSONValue] = []
  /// What the engine understood, and what it said as far as it was heard, in the order of its items.
  private(set) var frames = 0
  private(set) var endCallReason: String?

  private var playback = PlaybackQueue()
  private var toEngine: [[UInt8]] = []
  private var toPerson: [JSONValue] = []
  private var delay: Int
  private var now = Instant(microsecondsSince1970: 1_772_442_000_000_000)
  private var speaking: (item: String, sent: Int)?
  private var cancelled: Set<String> = []
  private var hangsUpAfter: String?

  /// - Parameter delay: Frames on the way from the person to the engine.
  init(_ plan: AttemptPlan.Answerer, instructions: String, delay: Int = 2, extra: JSONValue = [:]) {
    answerer = Answerer(plan, utterance: 1)
    session = RealtimeSession(id: "test", model: "gpt-realtime-2.1")
    self.delay = delay
    var settings: JSONObject = [
      "type": "realtime", "instructions": .string(instructions),
      "audio": [
        "input": ["format": ["type": "audio/pcmu"], "transcription": ["model": "gpt-transcribe"]],
        "output": ["format": ["type": "audio/pcmu"], "voice": "marin"],
      ],
      "tools": [["type": "function", "name": "end_call", "parameters": ["type": "object"]]],
    ]
    for (key, value) in extra.objectValue ?? [:] { settings[key] = value }
    send(["type": "session.update", "session": .object(settings)])
    send(["type": "response.create"])
  }

  var person: PersonOnCall? {
    if case .person(let person) = answerer { return person }
    return nil
  }

  /// The transcript that a bridge would store: items in order, the agent's cut to what was heard.
  var transcript: [String] {
    session.items.compactMap { item in
      switch item.content {
      case .heard(let text): return text.isEmpty ? nil : "person: \(text)"
      case .speech: return item.transcript.isEmpty ? nil : "agent: \(item.transcript)"
      case .silence, .text, .functionCall, .functionOutput: return nil
      }
    }
  }

  mutating func send(_ event: JSONValue) {
    session.receive(event.serializedBytes(), at: now)
    collect()
  }

  /// Runs until somebody hangs up, or for `limit` frames. Returns whether the call ended.
  mutating func run(limit: Int = 300 * AudioFrame.perSecond) -> Bool {
    for _ in 0..<limit {
      frames += 1
      now += .milliseconds(AudioFrame.milliseconds)
      session.advance(to: now)
      collect()
      var passed: [PlaybackQueue.Passed] = []
      var sound: [UInt8] = []
      let step = playback.playFrame(passed: &passed) { frame in answerer.step(hearing: frame, into: &sound) }
      if let end = hangsUpAfter, passed.contains(.mark(end)) { return true }
      if step == .hangUp { return true }
      toEngine.append(sound.isEmpty ? AudioFrame.silent : sound)
      if toEngine.count > delay {
        send(["type": "input_audio_buffer.append", "audio": .string(Base64.encode(toEngine.removeFirst()))])
      }
    }
    return false
  }

  private mutating func collect() {
    for bytes in session.takeEvents() {
      guard let event = try? JSONValue.parse(bytes) else { continue }
      events.append(event)
      handle(event)
    }
  }

  private mutating func handle(_ event: JSONValue) {
    switch event["type"]?.stringValue {
    case "response.output_audio.delta":
      guard let item = event["item_id"]?.stringValue, !cancelled.contains(item),
        let audio = event["delta"]?.stringValue.flatMap({ Base64.decode($0) })
      else { return }
      if speaking?.item != item { speaking = (item, 0) }
      speaking?.sent += audio.count / AudioFrame.bytesPerMillisecond
      for start in stride(from: 0, to: audio.count, by: AudioFrame.bytes) {
        _ = playback.append(Array(audio[start..<(start + AudioFrame.bytes)]))
        playback.append(.mark(item))
      }
    case "input_audio_buffer.speech_started": interrupt()
    case "response.output_item.done":
      guard event["item"]?["name"] == "end_call", event["item"]?["status"] == "completed" else { return }
      endCallReason = (event["item"]?["arguments"]?.stringValue).flatMap {
        (try? JSONValue.parse($0))?["reason"]?.stringValue
      }
      hangsUpAfter = "end"
      playback.append(.mark("end"))
    default: break
    }
  }

  private mutating func interrupt() {
    guard let current = speaking else { return }
    speaking = nil
    cancelled.insert(current.item)
    // A frame that is just over may not have told yet.
    let left = playback.clear().count { $0 == .mark(current.item) }
    guard left > 0 else { return }
    hangsUpAfter = nil
    send([
      "type": "conversation.item.truncate", "item_id": .string(current.item), "content_index": 0,
      "audio_end_ms": JSONValue(current.sent - left * AudioFrame.milliseconds),
    ])
  }
}
