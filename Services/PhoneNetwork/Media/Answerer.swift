/// Whoever answered a call: a person or a mailbox.
enum Answerer: Sendable {
  case person(PersonOnCall)
  case mailbox(MailboxOnCall)
  /// Holds the place while the answerer is taken out to be changed, so that nothing is copied.
  case gone

  init(_ plan: AttemptPlan.Answerer, utterance: UInt32) {
    switch plan {
    case .person(let plan): self = .person(PersonOnCall(plan, utterance: utterance))
    case .mailbox(let plan): self = .mailbox(MailboxOnCall(plan, utterance: utterance))
    }
  }

  /// Hears one frame (empty for silence) and appends their own, if it makes a sound.
  mutating func step(hearing: UnsafeBufferPointer<UInt8>, into audio: inout [UInt8]) -> AnswererStep {
    switch self {
    case .person(var person):
      self = .gone
      defer { self = .person(person) }
      return person.step(hearing: hearing, into: &audio)
    case .mailbox(var mailbox):
      self = .gone
      defer { self = .mailbox(mailbox) }
      return mailbox.step(hearing: hearing, into: &audio)
    case .gone: return .hangUp
    }
  }
}
