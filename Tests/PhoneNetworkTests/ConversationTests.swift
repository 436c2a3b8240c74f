import Core
import JSON
import Testing

@testable import PhoneNetwork

/// Whole conversations in virtual time: people against the engine's agent.
@Suite struct ConversationTests {
  static let instructions = """
    You are a voice agent on a telephone call.

    Agent name: Alex
    Business: Northwind Services
    Lead: Ada Abbott
    Goal: Find out whether Ada has a need.
    Open with: Hello, is this Ada? This is Alex, an AI assistant calling for Northwind Services.

    Questions to ask:
    - budget: What budget have you set aside for this?
    - timeline: How soon are you looking to get started?
    - decision_maker: Are you the person who makes the decision on this?
    - pain_points: What is the biggest problem with the way you handle this today?

    What you know: nothing.
    """

  static func plan(_ intent: PersonPlan.Intent, seed: UInt64) -> PersonPlan {
    let person = Choice(seed: seed, number: "+12125550100")
    return PersonPlan(intent: intent, person: person, attempt: Choice(seed: seed, number: "+12125550100", attempt: 1))
  }

  @Test(arguments: UInt64(1)...16) func aConversationTellsAllFacts(seed: UInt64) throws {
    var call = LoopbackCall(
      .person(Self.plan(.conversation, seed: seed)), instructions: Self.instructions, delay: Int(seed % 12))
    let ended = call.run()
    #expect(ended)
    let person = try #require(call.person)
    #expect(Set(person.told) == Set(Topic.allCases))
    #expect(call.endCallReason == AgentDialogue.EndReason.completed)
    #expect(call.transcript.contains { $0.contains("an AI assistant calling for Northwind Services.") })
  }

  @Test(arguments: UInt64(1)...16) func bothEndsHeardTheSameWords(seed: UInt64) throws {
    var call = LoopbackCall(.person(Self.plan(.conversation, seed: seed)), instructions: Self.instructions)
    let ended = call.run()
    #expect(ended)
    let person = try #require(call.person)
    let said = person.lines.filter { !$0.isAgent }.map(\.text).joined(separator: " ")
    let understood = call.transcript.filter { $0.hasPrefix("person: ") }.map { String($0.dropFirst(8)) }
    // The last words may still be on their way when the agent hangs up.
    #expect(said.hasPrefix(understood.joined(separator: " ")))
    let heard = person.lines.filter(\.isAgent).map(\.text).joined(separator: " ")
    let spoken = call.transcript.filter { $0.hasPrefix("agent: ") }.map { String($0.dropFirst(7)) }
    #expect(spoken.joined(separator: " ").hasPrefix(heard))
  }

  @Test(
    arguments: [
      (PersonPlan.Intent.notInterested, AgentDialogue.EndReason.notInterested),
      (.callbackRequested, AgentDialogue.EndReason.callback), (.optedOut, AgentDialogue.EndReason.optedOut),
      (.wrongNumber, AgentDialogue.EndReason.wrongNumber),
    ], UInt64(1)...8)
  func theAgentUnderstandsWhatTheyCameToSay(_ expected: (PersonPlan.Intent, String), seed: UInt64) throws {
    var call = LoopbackCall(.person(Self.plan(expected.0, seed: seed)), instructions: Self.instructions)
    let ended = call.run()
    #expect(ended)
    let person = try #require(call.person)
    #expect(person.saidIntent)
    #expect(call.endCallReason == nil || call.endCallReason == expected.1)
    #expect(call.endCallReason != nil || person.leaving != nil)
  }

  @Test(arguments: UInt64(1)...6) func whoHangsUpEarlyHeardLittle(seed: UInt64) throws {
    let plan = Self.plan(.hangUpEarly, seed: seed)
    var call = LoopbackCall(.person(plan), instructions: Self.instructions)
    let ended = call.run()
    #expect(ended)
    let person = try #require(call.person)
    #expect(person.leaving == .impatient && person.told.isEmpty)
  }

  @Test(arguments: UInt64(1)...4) func aSilentCallerIsAskedAndLeft(seed: UInt64) throws {
    var person = PersonOnCall(Self.plan(.conversation, seed: seed), utterance: 1)
    let silence = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
    var audio: [UInt8] = []
    var frames = 0
    while person.step(hearing: silence, into: &audio) != .hangUp, frames < 6_000 { frames += 1 }
    #expect(person.leaving == .silence)
    #expect(SpeechTests.heard([audio]).map(\.text).joined(separator: " ").contains("there?"))
  }

  @Test func theIdleTimeMakesTheAgentSpeakUp() throws {
    var call = LoopbackCall(
      .mailbox(MailboxPlan(person: Choice(seed: 1, number: "+1"), attempt: Choice(seed: 1, number: "+1", attempt: 1))),
      instructions: Self.instructions,
      extra: ["audio": ["input": ["turn_detection": ["type": "server_vad", "idle_timeout_ms": 5_000]]]])
    let ended = call.run()
    #expect(ended)
    #expect(call.events.contains { $0["type"] == "error" } == false)
  }

  @Test(arguments: UInt64(1)...4) func aMailboxRecordsWhatComesAfterTheBeep(seed: UInt64) throws {
    let choice = Choice(seed: seed, number: "+12125550100")
    var call = LoopbackCall(
      .mailbox(MailboxPlan(person: choice, attempt: choice)), instructions: Self.instructions)
    let ended = call.run()
    #expect(ended)
    guard case .mailbox(let mailbox) = call.answerer else { return }
    #expect(mailbox.message.hasPrefix("Hello, this is Alex, an AI assistant calling for Northwind Services."))
    #expect(call.endCallReason == AgentDialogue.EndReason.voicemail)
  }

  @Test(arguments: UInt64(1)...4) func theSamePersonSpeaksTheSameWords(seed: UInt64) throws {
    var transcripts: [[String]] = []
    for _ in 0..<2 {
      var call = LoopbackCall(.person(Self.plan(.conversation, seed: seed)), instructions: Self.instructions)
      let ended = call.run()
      #expect(ended)
      transcripts.append(call.transcript)
    }
    #expect(transcripts[0] == transcripts[1])
  }
}
