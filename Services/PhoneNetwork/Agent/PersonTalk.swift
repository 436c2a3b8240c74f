/// What the agent makes of a person's words.
enum PersonTalk: Hashable, Sendable {
  case mailboxGreeting
  case optsOut
  case wrongPerson
  case declines
  /// Asks to be called again; the time in their words, empty when they named none.
  case asksForCallback(time: String)
  case asksWhetherRobot
  case asksWhoCalls
  case asksToRepeat
  case asksWhetherThere
  case goodbye
  /// Anything else: an answer.
  case content
  case nothing

  private static let phrases: [(PersonTalk, [String])] = [
    (
      .mailboxGreeting,
      [
        "leave a message", "leave me a message", "after the beep", "after the tone", "at the tone", "voicemail",
        "mailbox", "record your message",
      ]
    ),
    (
      .optsOut,
      [
        "take me off", "taken off", "off the list", "off your list", "stop calling", "remove my number", "do not call",
        "don't call me", "not call me again", "unsubscribe",
      ]
    ),
    (
      .wrongPerson,
      [
        "wrong number", "wrong person", "nobody here by that name", "no one by that name", "nobody by that name",
        "that's not me",
      ]
    ),
    (
      .declines,
      [
        "not interested", "no thanks", "no thank you", "no, thank you", "not for us", "all set", "don't need anything",
        "we already have someone",
      ]
    ),
    (.asksWhetherRobot, ["robot", "real person", "a recording", "ai thing", "an ai", "machine"]),
    (.asksToRepeat, ["say that again", "what was that", "pardon", "didn't catch", "come again"]),
    (
      .asksWhoCalls,
      [
        "who is this", "who's this", "is calling", "what company", "who are you", "what is it about",
        "what is this about",
      ]
    ),
    (.asksWhetherThere, ["are you there", "anybody there", "are you still there"]),
  ]

  private static let callbackPhrases = [
    "call me back", "call back", "call me again", "can you call me", "bad time", "not a good time", "busy right now",
    "in a meeting", "can't talk right now", "driving at the moment",
  ]

  init(_ text: String) {
    let text = text.lowercased()
    guard text.contains(where: { $0.isLetter || $0.isNumber }) else {
      self = .nothing
      return
    }
    if let talk = PersonTalk.phrases.prefix(3).first(where: { $0.1.contains { text.contains($0) } })?.0 {
      self = talk
    } else if PersonTalk.callbackPhrases.contains(where: { text.contains($0) }) {
      self = .asksForCallback(time: PersonTalk.time(in: text))
    } else if let talk = PersonTalk.phrases.dropFirst(3).first(where: { $0.1.contains { text.contains($0) } })?.0 {
      self = talk
    } else if ["bye", "goodbye", "have a good day"].contains(where: { text.contains($0) }) {
      self = .goodbye
    } else {
      self = .content
    }
  }

  /// Whether it is a mere "hello", which answers nothing.
  static func isGreeting(_ text: String) -> Bool {
    let words = text.lowercased().split { !$0.isLetter }
    return !words.isEmpty && words.count <= 3
      && words.allSatisfy { ["hello", "hi", "hey", "there", "good", "day"].contains($0) }
  }

  /// "tomorrow at ten" of "can you call me back tomorrow at ten?".
  private static func time(in text: String) -> String {
    for lead in ["call me back ", "call back ", "call me again ", "call me "] {
      guard let range = text.firstRange(of: lead) else { continue }
      return String(text[range.upperBound...].prefix { !".?!,".contains($0) })
    }
    return ""
  }
}
