import Core
import JSON
import Metrics
import Synchronization
import Testing

@testable import PhoneNetwork

@Suite struct MediaTests {
  // MARK: Playback

  @Test(arguments: UInt64(1)...40) func whatIsQueuedIsPlayedInOrder(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var queue = PlaybackQueue()
    var expected: [UInt8] = []
    var marks: [PlaybackQueue.Passed] = []
    for index in 0..<Int.random(in: 1...30, using: &generator) {
      if Bool.random(using: &generator) {
        queue.append(.mark("\(index)"))
        marks.append(.mark("\(index)"))
      }
      let audio = (0..<Int.random(in: 0...500, using: &generator)).map { _ in
        UInt8.random(in: 0..<0x7F, using: &generator)
      }
      let isTaken = queue.append(audio)
      #expect(isTaken)
      expected += audio
    }
    var played: [UInt8] = []
    var passed: [PlaybackQueue.Passed] = []
    for _ in 0..<(expected.count / AudioFrame.bytes + 3) {
      queue.playFrame(passed: &passed) { frame in
        #expect(frame.isEmpty || frame.count == AudioFrame.bytes)
        played += Array(frame)
      }
    }
    #expect(played.starts(with: expected))
    #expect(played.dropFirst(expected.count).allSatisfy { $0 == AudioFrame.silence })
    #expect(passed == marks)
  }

  @Test func clearingPassesTheMarksAndTheRestOfAPause() {
    var queue = PlaybackQueue()
    queue.appendSilence(frames: 100)
    var passed: [PlaybackQueue.Passed] = []
    queue.playFrame(passed: &passed) { #expect($0.isEmpty) }
    let isTaken = queue.append([UInt8](repeating: 1, count: 1_000))
    queue.append(.mark("a"))
    queue.append(.end(of: 3))
    let cleared = queue.clear()
    #expect(isTaken && cleared == [.mark("a"), .end(of: 3)])
    queue.append(.mark("b"))
    queue.playFrame(passed: &passed) { #expect($0.isEmpty) }
    #expect(passed == [.mark("b")])
  }

  @Test func pausesLastAsLongAsTheySay() {
    var queue = PlaybackQueue()
    queue.appendSilence(frames: 3)
    queue.append(.end(of: 0))
    var frames = 0
    var passed: [PlaybackQueue.Passed] = []
    while passed.isEmpty, frames < 10 {
      queue.playFrame(passed: &passed) { #expect($0.isEmpty) }
      frames += 1
    }
    #expect(frames == 4)  // Passed when the frame behind it is played.
  }

  @Test func tenMinutesIsTheMost() {
    var queue = PlaybackQueue()
    let minute = [UInt8](repeating: 1, count: 480_000)
    for _ in 0..<10 {
      let isTaken = queue.append(minute)
      #expect(isTaken)
    }
    let isTaken = queue.append([1])
    #expect(!isTaken)
  }

  // MARK: Messages

  @Test func framesAreWrittenAsTwilioWritesThem() throws {
    var framer = StreamFramer(streamSid: "MZ1", accountSid: "AC1", callSid: "CA1")
    let start = try JSONValue.parse(framer.start(parameters: [.init(name: "a", value: "b")]))
    #expect(start["start"]?["customParameters"] == ["a": "b"] && start["sequenceNumber"] == "1")
    let silence = try JSONValue.parse(framer.media([]))
    #expect(
      silence == [
        "event": "media", "sequenceNumber": "2", "streamSid": "MZ1",
        "media": [
          "track": "inbound", "chunk": "1", "timestamp": "20", "payload": .string(Base64.encode(AudioFrame.silent)),
        ],
      ])
    let beep = try JSONValue.parse(framer.media(Voice.beepFrame))
    #expect(beep["media"]?["payload"]?.stringValue.flatMap { Base64.decode($0) } == Voice.beepFrame)
    #expect(beep["media"]?["chunk"] == "2" && beep["sequenceNumber"] == "3")
    let stop = try JSONValue.parse(framer.stop())
    #expect(stop["stop"] == ["accountSid": "AC1", "callSid": "CA1"] && stop["sequenceNumber"] == "4")
  }

  @Test(
    arguments: [
      (#"{"event":"media","streamSid":"MZ1","media":{"payload":"AQI="}}"#, StreamCommand.media([1, 2])),
      (#"{ "media": {"payload": "AQI="}, "streamSid": "MZ1", "event": "media" }"#, .media([1, 2])),
      (#"{"event":"media","streamSid":"MZ2","media":{"payload":"AQI="}}"#, .invalid),
      (#"{"event":"media","streamSid":"MZ1","media":{"payload":"A"}}"#, .invalid),
      (#"{"event":"mark","streamSid":"MZ1","mark":{"name":"utt-3"}}"#, .mark("utt-3")),
      (#"{"event":"clear","streamSid":"MZ1"}"#, .clear), (#"{"event":"clear"}"#, .invalid), ("clear", .invalid),
      ("", .invalid),
      (#"{"event":"dance","streamSid":"MZ1"}"#, .invalid),
    ]) func commandsAreReadInAnyForm(text: String, command: StreamCommand)
  {
    #expect(StreamCommand(Array(text.utf8), streamSid: Array("MZ1".utf8)) == command)
  }

  @Test(arguments: UInt64(1)...10) func mutatedCommandsDoNotCrash(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let text = Array(#"{"event":"media","streamSid":"MZ1","media":{"payload":"AQIDBA=="}}"#.utf8)
    for _ in 0..<1_000 {
      var bytes = text
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
      }
      if Bool.random(using: &generator) { bytes.removeLast(Int.random(in: 0...bytes.count, using: &generator)) }
      _ = StreamCommand(bytes, streamSid: Array("MZ1".utf8))
    }
  }

  // MARK: Time

  @Test func audioTimeNeverMakesUpForAStall() {
    let start = Instant(microsecondsSince1970: 0)
    var clock = AudioClock(start: start, longestStep: .milliseconds(40))
    clock.advance(to: start + .milliseconds(5), delay: .zero)
    #expect(clock.elapsed == .milliseconds(5))
    clock.advance(to: start + .seconds(3), delay: .zero)
    #expect(clock.elapsed == .milliseconds(45))
    clock.advance(to: start + .seconds(2), delay: .zero)
    #expect(clock.elapsed == .milliseconds(45))
    clock.advance(to: start + .milliseconds(2_020), delay: .seconds(1))
    #expect(clock.elapsed == .milliseconds(55))  // Half as fast while audio is a second late.
  }

  /// Whoever stops reading does not keep a call alive.
  @Test func aStuckStreamEndsSoonAfterTheTimeLimit() {
    let events = Mutex<[MediaLeg.Event]>([])
    let leg = MediaLeg(
      Answerer(.person(ConversationTests.plan(.conversation, seed: 1)), utterance: 1), timeLimit: .seconds(10),
      stall: .seconds(5), detection: nil, isMisjudged: false, latency: RelayLatency(MetricsRegistry())
    ) { event in events.withLock { $0.append(event) } }
    let outbox = Outbox()
    leg.attach(StreamFramer(streamSid: "MZ1", accountSid: "AC1", callSid: "CA1"), parameters: [], to: outbox)
    #expect(leg.start(at: .zero))
    var frames = 0
    while frames < 60 * AudioFrame.perSecond, events.withLock({ $0.isEmpty }) {
      frames += 1
      _ = leg.pace(audioTime: AudioFrame.duration(of: frames), now: Instant(microsecondsSince1970: 0))
    }
    #expect(events.withLock { $0 } == [.timeLimitReached])
    #expect(abs(frames - 15 * AudioFrame.perSecond) <= 1)
    #expect(outbox.count < 2 * MediaLeg.backlog)
  }

  /// A bridge that was stopped for half a minute is no reason to let all conversations slow down for good.
  @Test func whoStandsStillDoesNotSlowAudioDown() {
    let latency = RelayLatency(MetricsRegistry())
    let now = ContinuousClock.now
    for word in UInt64(1)...100 {
      latency.left(word)
      latency.arrived(word, at: now + .seconds(30))
    }
    #expect(latency.average == .zero)
    latency.left(0)
    latency.arrived(0, at: .now + .milliseconds(200))
    #expect(latency.average > .zero)
  }

  @Test(arguments: UInt64(1)...20) func everyFrameIsDueOnce(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var schedule = FrameSchedule(start: .milliseconds(13))
    var time = Duration.zero
    var frames = 0
    for _ in 0..<500 {
      time += .milliseconds(Int.random(in: 0...50, using: &generator))
      let due = schedule.due(at: time)
      #expect(due <= 3)
      frames += due
    }
    #expect(frames == AudioFrame.count(in: time - .milliseconds(13)))
  }
}
