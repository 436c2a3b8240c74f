import Core
import Testing

@testable import MediaBridge

@Suite struct ConversationTests {
  let now = Instant(microsecondsSince1970: 1_772_000_000_000_000)

  /// Answered, ready, greeted.
  func talking(maxDuration: Int = 120_000, silence: Int = 20_000) -> Conversation {
    var talk = Conversation(.init(greeting: "Hello.", maxDuration: maxDuration, silenceLimit: silence))
    _ = talk.handle(.ready, at: now)
    _ = talk.streamStarted()
    return talk
  }

  func audio(_ item: String, _ milliseconds: Int) -> AgentAudio {
    let name = Array(item.utf8)
    let payload = Array(Base64.encode([UInt8](repeating: 0, count: milliseconds * 8)).utf8)
    return AgentAudio(
      payload: AudioPayload(message: name + payload, range: name.count..<(name.count + payload.count)),
      item: 0..<name.count)
  }

  /// Twenty milliseconds at a time, up to `time`.
  func listen(_ talk: inout Conversation, until time: Int) -> [Conversation.Command] {
    var commands: [Conversation.Command] = []
    while talk.time < time { commands += talk.personAudio(bytes: 160, timestamp: talk.time + 20).commands }
    return commands
  }

  @Test func theGreetingComesWhenBothSidesAreThere() {
    var talk = Conversation(.init(greeting: "Hello.", maxDuration: 1, silenceLimit: 1))
    #expect(talk.streamStarted().isEmpty)
    #expect(!talk.personAudio(bytes: 160, timestamp: 0).forward)
    #expect(talk.handle(.ready, at: now) == [.greet("Hello.")])
    #expect(talk.handle(.ready, at: now).isEmpty)
    #expect(talk.streamStarted().isEmpty)
  }

  @Test func aTurnIsHeardAnsweredAndWrittenDown() {
    var talk = talking()
    _ = listen(&talk, until: 1_000)
    _ = talk.handle(.speechStarted(item: "p1", at: 200), at: now)
    _ = talk.handle(.speechStopped(item: "p1", at: 900), at: now)
    _ = talk.handle(.committed(item: "p1", previous: nil), at: now)
    #expect(!talk.isTranscribed)
    _ = talk.handle(.itemAdded(item: "a1", previous: "p1", speaker: .agent), at: now)
    #expect(talk.agentAudio(audio("a1", 400), at: now + .milliseconds(320)) == .playAndMark("a1:400"))
    _ = talk.handle(.agentText(item: "a1", "Fine."), at: now)
    _ = talk.handle(.audioDone(item: "a1"), at: now)
    _ = talk.handle(.personText(item: "p1", "How are you?"), at: now)
    #expect(talk.isTranscribed)
    _ = listen(&talk, until: 1_400)
    #expect(talk.markReached("a1:400").isEmpty)
    let turns = talk.transcript.takeChanges()
    #expect(turns.map(\.text) == ["How are you?", "Fine."])
    #expect(turns.map(\.speaker) == [.person, .agent])
    #expect(turns.map(\.start) == [200, 1_000])
    #expect(turns.map(\.end) == [900, 1_400])
    #expect(talk.latencies == [320])
  }

  @Test func thePersonInterruptsTheAgent() {
    var talk = talking()
    _ = talk.agentAudio(audio("a1", 1_000), at: now)
    _ = talk.handle(.agentWords(item: "a1", "One two three four"), at: now)
    _ = listen(&talk, until: 500)
    #expect(talk.handle(.speechStarted(item: "p1", at: 450), at: now) == [.cut(item: "a1", heard: 500), .clear])
    #expect(talk.agentAudio(audio("a1", 200), at: now) == .drop)
    #expect(talk.markReached("a1:1000").isEmpty)
    _ = talk.handle(.agentText(item: "a1", "One two three four five"), at: now)
    let turn = talk.transcript.takeChanges().first
    #expect(turn?.text == "One two")
    #expect(turn?.interrupted == true)
    #expect(talk.agentAudio(audio("a2", 100), at: now) == .play)
  }

  @Test func speakingAfterTheAgentInterruptsNothing() {
    var talk = talking()
    _ = talk.agentAudio(audio("a1", 400), at: now)
    _ = talk.handle(.audioDone(item: "a1"), at: now)
    _ = listen(&talk, until: 400)
    _ = talk.markReached("a1:400")
    #expect(talk.handle(.speechStarted(item: "p1", at: 400), at: now).isEmpty)
  }

  @Test func theCallEndsAfterTheGoodbyeWasHeard() {
    var talk = talking()
    _ = talk.handle(.responseStarted, at: now)
    _ = talk.agentAudio(audio("a1", 600), at: now)
    _ = talk.handle(.agentText(item: "a1", "Goodbye."), at: now)
    _ = talk.handle(.audioDone(item: "a1"), at: now)
    #expect(talk.handle(.toolCall(id: "c", name: "end_call", reason: "completed"), at: now).isEmpty)
    #expect(talk.handle(.responseEnded(failed: false, EngineUsage(inputTokens: 1, outputTokens: 2)), at: now).isEmpty)
    #expect(talk.handle(.speechStarted(item: "p1", at: 100), at: now).isEmpty)
    #expect(listen(&talk, until: 600).isEmpty)
    #expect(talk.agentAudio(audio("a2", 100), at: now) == .drop)
    #expect(talk.markReached("a1:600") == [.hangUp(.endCall)])
    #expect(talk.markReached("a1:600").isEmpty)
    #expect(talk.usage == EngineUsage(inputTokens: 1, outputTokens: 2))
    #expect(talk.transcript.takeChanges().map(\.interrupted) == [false])
  }

  @Test func aGoodbyeWhoseMarkIsLostStillEnds() {
    var talk = talking()
    _ = talk.handle(.responseStarted, at: now)
    _ = talk.agentAudio(audio("a1", 600), at: now)
    _ = talk.handle(.toolCall(id: "c", name: "end_call", reason: "completed"), at: now)
    _ = talk.handle(.responseEnded(failed: false, EngineUsage()), at: now)
    #expect(listen(&talk, until: 600 + Conversation.markTolerance + 40) == [.hangUp(.endCall)])
  }

  @Test func anEndWithoutWordsIsAtOnce() {
    var talk = talking()
    _ = talk.handle(.responseStarted, at: now)
    #expect(talk.handle(.toolCall(id: "c", name: "end_call", reason: "completed"), at: now).isEmpty)
    #expect(talk.handle(.responseEnded(failed: false, EngineUsage()), at: now) == [.hangUp(.endCall)])
  }

  @Test func anOptOutIsToldAtOnceAndHoweverLate() {
    var talk = talking()
    _ = talk.handle(.responseStarted, at: now)
    let optOut = VoiceEvent.toolCall(id: "c", name: "end_call", reason: "opted_out")
    #expect(talk.handle(optOut, at: now) == [.tellOptOut])
    #expect(talk.handle(.responseEnded(failed: false, EngineUsage()), at: now) == [.hangUp(.endCall)])
    #expect(talk.handle(optOut, at: now) == [.tellOptOut])
  }

  @Test func aFunctionThatDoesNotExistIsAnswered() {
    var talk = talking()
    _ = talk.handle(.responseStarted, at: now)
    guard case .answerTool(id: "c", _)? = talk.handle(.toolCall(id: "c", name: "dance", reason: ""), at: now).first
    else {
      Issue.record("no answer")
      return
    }
    #expect(talk.handle(.responseEnded(failed: false, EngineUsage()), at: now) == [.reply])
  }

  @Test func theLongestConversationEnds() {
    var talk = talking(maxDuration: 1_000)
    #expect(listen(&talk, until: 2_000) == [.hangUp(.maxDuration)])
  }

  @Test func silenceEndsTheCallAndSpeechDoesNot() {
    var talk = talking(silence: 1_000)
    _ = talk.agentAudio(audio("a1", 500), at: now)
    #expect(listen(&talk, until: 1_480).isEmpty)
    _ = talk.handle(.speechStarted(item: "p1", at: 1_400), at: now)
    #expect(listen(&talk, until: 5_000).isEmpty)
    _ = talk.handle(.speechStopped(item: "p1", at: 5_000), at: now)
    #expect(listen(&talk, until: 6_000) == [.hangUp(.silence)])
  }

  @Test func failedResponsesAreAskedForAgainAFewTimes() {
    var talk = talking()
    let failed = VoiceEvent.responseEnded(failed: true, EngineUsage())
    #expect(talk.handle(failed, at: now) == [.reply])
    #expect(talk.handle(failed, at: now) == [.reply])
    #expect(talk.handle(failed, at: now) == [.hangUp(.engineLost)])
  }

  @Test func lastWordsAreTakenWhenTheLineDropsInTheMiddle() {
    var talk = talking()
    _ = listen(&talk, until: 600)
    _ = talk.handle(.speechStarted(item: "p1", at: 100), at: now)
    #expect(talk.streamEnded() == [.commitSpeech])
    #expect(!talk.isTranscribed)
    _ = talk.handle(.committed(item: "p1", previous: nil), at: now)
    #expect(!talk.isTranscribed)
    _ = talk.handle(.personText(item: "p1", "Take me off your list"), at: now)
    #expect(talk.isTranscribed)
    #expect(talk.transcript.takeChanges().map(\.text) == ["Take me off your list"])
    #expect(talk.streamEnded().isEmpty)
  }

  @Test func anEmptyCommitIsNotWaitedFor() {
    var talk = talking()
    _ = talk.handle(.speechStarted(item: "p1", at: 0), at: now)
    _ = talk.streamEnded()
    _ = talk.handle(.problem(code: "input_audio_buffer_commit_empty", message: ""), at: now)
    #expect(talk.isTranscribed)
  }

  @Test func aSilentTurnIsNotWaitedFor() {
    var talk = talking()
    _ = talk.handle(.idled(item: "p1"), at: now)
    _ = talk.handle(.committed(item: "p1", previous: nil), at: now)
    #expect(talk.isTranscribed)
  }

  @Test func withoutItsEngineACallEnds() {
    var talk = talking()
    _ = talk.handle(.committed(item: "p1", previous: nil), at: now)
    #expect(talk.engineLost() == [.hangUp(.engineLost)])
    #expect(talk.isTranscribed)
  }

  @Test func whatTheAgentWasSayingWhenTheCallEndedIsCut() {
    var talk = talking()
    _ = talk.agentAudio(audio("a1", 1_000), at: now)
    _ = talk.handle(.agentWords(item: "a1", "One two three four"), at: now)
    _ = listen(&talk, until: 500)
    _ = talk.streamEnded()
    #expect(talk.transcript.takeChanges().map(\.text) == ["One two"])
    #expect(talk.agentAudio(audio("a1", 100), at: now) == .drop)
  }

  @Test func timeStandsStillRatherThanJump() {
    var talk = talking()
    _ = talk.personAudio(bytes: 160, timestamp: 9_000_000)
    #expect(talk.time == 20)
    _ = talk.personAudio(bytes: 160, timestamp: nil)
    #expect(talk.time == 40)
    _ = talk.personAudio(bytes: 160, timestamp: 0)
    #expect(talk.time == 40)
  }

  @Test(arguments: UInt64(1)...100) func anyOrderOfEventsEndsTheCallOnce(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var talk = talking(maxDuration: 30_000, silence: 5_000)
    var ends = 0
    for step in 0..<400 {
      let item = ["a1", "a2", "p1", "p2"].randomElement(using: &generator) ?? "a1"
      let moment = now + .milliseconds(step * 20)
      let time = talk.time
      let commands: [Conversation.Command]
      switch Int.random(in: 0..<14, using: &generator) {
      case 0:
        _ = talk.agentAudio(audio(item, .random(in: 0...400, using: &generator)), at: moment)
        commands = []
      case 1: commands = talk.handle(.speechStarted(item: item, at: time), at: moment)
      case 2: commands = talk.handle(.speechStopped(item: item, at: time), at: moment)
      case 3: commands = talk.handle(.committed(item: item, previous: "a1"), at: moment)
      case 4: commands = talk.handle(.personText(item: item, "words"), at: moment)
      case 5: commands = talk.handle(.agentText(item: item, "words of the agent"), at: moment)
      case 6: commands = talk.handle(.audioDone(item: item), at: moment)
      case 7: commands = talk.handle(.responseStarted, at: moment)
      case 8: commands = talk.handle(.responseEnded(failed: .random(using: &generator), EngineUsage()), at: moment)
      case 9:
        commands = step > 200 ? talk.handle(.toolCall(id: "c", name: "end_call", reason: "completed"), at: moment) : []
      case 10: commands = talk.markReached("\(item):\(Int.random(in: 0...400, using: &generator))")
      case 11: commands = step > 380 ? talk.streamEnded() : []
      default: commands = talk.personAudio(bytes: 160, timestamp: time + 20).commands
      }
      for case .hangUp in commands { ends += 1 }
      for turn in talk.transcript.takeChanges() { #expect(turn.start <= turn.end && turn.start >= 0) }
    }
    #expect(ends <= 1)
  }
}
