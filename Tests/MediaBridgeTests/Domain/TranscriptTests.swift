import Core
import Testing

@testable import MediaBridge

@Suite struct TranscriptTests {
  @Test func linesStandInTheOrderOfTheConversationNotOfTheirArrival() {
    var transcript = Transcript()
    transcript.place("p1", after: nil, speaker: .person)
    transcript.place("a1", after: "p1", speaker: .agent)
    transcript.add("Fine, thanks.", to: "a1")
    transcript.set("Fine, thanks.", of: "a1", speaker: .agent)
    transcript.played("a1", at: 900)
    #expect(transcript.takeChanges().map(\.item) == ["a1"])
    transcript.set("How are you?", of: "p1", speaker: .person)
    let turn = transcript.takeChanges()
    #expect(turn.map(\.item) == ["p1"])
    #expect(turn.map(\.ordinal) == [0])
    #expect(transcript.takeChanges().isEmpty)
  }

  @Test func aLineThatTurnsUpInBetweenMovesTheLaterOnes() {
    var transcript = Transcript()
    transcript.place("a1", after: nil, speaker: .agent)
    transcript.set("One.", of: "a1", speaker: .agent)
    transcript.played("a1", at: 1)
    transcript.place("a2", after: "a1", speaker: .agent)
    transcript.set("Two.", of: "a2", speaker: .agent)
    transcript.played("a2", at: 2)
    #expect(transcript.takeChanges().map(\.ordinal) == [0, 1])
    transcript.place("p1", after: "a1", speaker: .person)
    transcript.set("Between.", of: "p1", speaker: .person)
    #expect(transcript.takeChanges().map(\.item) == ["p1", "a2"])
  }

  @Test func linesThatNobodyHeardAreNotWritten() {
    var transcript = Transcript()
    transcript.add("Never played.", to: "a1")
    transcript.set("Never played.", of: "a1", speaker: .agent)
    transcript.cut(.init(item: "a1", heard: 0, sent: 900), at: 10)
    transcript.set("", of: "p1", speaker: .person)
    transcript.place("f1", after: "p1", speaker: nil)
    transcript.finish()
    #expect(transcript.takeChanges().isEmpty)
  }

  @Test func aCutLineKeepsWhatWasHeardWhateverComesLater() {
    var transcript = Transcript()
    transcript.add("One two three four", to: "a1")
    transcript.cut(.init(item: "a1", heard: 500, sent: 1_000), at: 500)
    transcript.add(" five", to: "a1")
    transcript.set("One two three four five", of: "a1", speaker: .agent)
    let turns = transcript.takeChanges()
    #expect(turns.map(\.text) == ["One two"])
    #expect(turns.map(\.interrupted) == [true])
  }

  @Test func aLineWhoseEndWasNotTextedIsWrittenAtTheEndOfTheCall() {
    var transcript = Transcript()
    transcript.add("Goodbye.", to: "a1")
    transcript.played("a1", at: 100)
    #expect(transcript.takeChanges().isEmpty)
    transcript.finish()
    #expect(transcript.takeChanges().map(\.text) == ["Goodbye."])
  }

  @Test(arguments: [
    ("Hello there friend", 0, 100, ""), ("Hello there friend", 100, 100, "Hello there friend"),
    ("Hello there friend", 50, 100, "Hello"), ("Hello there friend", 70, 100, "Hello there"),
    ("Hello", 50, 100, ""), ("", 50, 100, ""), ("Grüße an Ötzi 👩‍🚀 da", 60, 100, "Grüße an"),
  ])
  func halfAWordIsNotHeard(text: String, heard: Int, sent: Int, expected: String) {
    #expect(Transcript.heard(text, heard, of: sent) == expected)
  }

  @Test func endlessTextsAreBounded() {
    var transcript = Transcript()
    for _ in 0..<3_000 { transcript.add(String(repeating: "word ", count: 10), to: "a1") }
    for item in 0..<3_000 { transcript.set("x", of: "p\(item)", speaker: .person) }
    transcript.played("a1", at: 1)
    transcript.finish()
    let turns = transcript.takeChanges()
    #expect(turns.count == 2_000)
    #expect(turns.allSatisfy { $0.text.utf8.count <= 16_384 })
  }
}
