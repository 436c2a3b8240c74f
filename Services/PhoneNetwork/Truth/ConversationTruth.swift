import Core

/// How an answered call went, from the answering end.
struct ConversationTruth: Hashable, Sendable {
  /// What was said and heard there, in order.
  var lines: [PersonOnCall.Line]
  /// What they came to say was said in full.
  var saidIntent: Bool
  /// Topics whose answer was said in full.
  var told: [Topic]
  var leaving: PersonOnCall.Leaving?
  /// Recorded after a mailbox's beep.
  var message: String?
  /// Audio time from the answer to the end, in frames.
  var frames: Int

  init(_ answerer: Answerer, frames: Int) {
    self.frames = frames
    switch answerer {
    case .person(let person):
      lines = person.lines
      saidIntent = person.saidIntent
      told = person.told
      leaving = person.leaving
    case .mailbox(let mailbox):
      lines = [PersonOnCall.Line(isAgent: false, text: mailbox.greeting, start: 0)]
      saidIntent = false
      told = []
      message = mailbox.message
    case .gone:
      lines = []
      saidIntent = false
      told = []
    }
  }
}

/// What a call's outcome is in truth: what the caller's system should have found out.
enum TrueOutcome: String, Hashable, Sendable, CaseIterable {
  case noAnswer = "no_answer"
  case busy
  case failed
  case voicemail
  case wrongNumber = "wrong_number"
  case notInterested = "not_interested"
  case callbackRequested = "callback_requested"
  case optedOut = "opted_out"
  /// They talked; the facts they told are in the record.
  case conversation
  case hungUpEarly = "hung_up_early"
  /// The caller ended an answered call before the person could say what they had in mind.
  case cutShort = "cut_short"
  /// The caller ended the call before it was answered.
  case canceled

  /// Nil while the call is not over.
  init?(_ record: CallRecord) {
    switch record.status {
    case .queued, .ringing, .inProgress: return nil
    case .busy: self = .busy
    case .failed: self = .failed
    case .noAnswer: self = .noAnswer
    case .canceled: self = .canceled
    case .completed:
      guard case .answered(_, let answerer) = record.plan.fate, let conversation = record.conversation else {
        self = .failed
        return
      }
      switch answerer {
      case .mailbox: self = .voicemail
      case .person(let plan): self = TrueOutcome.of(plan, conversation)
      }
    }
  }

  private static func of(_ plan: PersonPlan, _ conversation: ConversationTruth) -> TrueOutcome {
    switch plan.intent {
    case .conversation:
      if !conversation.told.isEmpty || conversation.leaving == .finished { return .conversation }
      return unsaid(conversation)
    case .hangUpEarly: return conversation.leaving == nil ? .cutShort : .hungUpEarly
    case .notInterested: return conversation.saidIntent ? .notInterested : unsaid(conversation)
    case .callbackRequested: return conversation.saidIntent ? .callbackRequested : unsaid(conversation)
    case .optedOut: return conversation.saidIntent ? .optedOut : unsaid(conversation)
    case .wrongNumber: return conversation.saidIntent ? .wrongNumber : unsaid(conversation)
    }
  }

  private static func unsaid(_ conversation: ConversationTruth) -> TrueOutcome {
    conversation.leaving == nil ? .cutShort : .hungUpEarly
  }
}
