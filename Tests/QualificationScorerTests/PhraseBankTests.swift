import Testing

@testable import PhoneNetwork
@testable import QualificationScorer

/// The phrase bank of the phone network was written apart from the extractor's rules: whatever it can say must be
/// understood.
@Suite struct PhraseBankTests {
  private func answer(_ question: String, _ words: String) -> Extraction {
    RuleExtractor.extract([
      ConversationTurn(
        isPerson: false, text: "Hello, is this Ada? This is Robin, an AI assistant calling for Northwind."),
      ConversationTurn(isPerson: true, text: "Yes, sure, go ahead."),
      ConversationTurn(isPerson: false, text: question), ConversationTurn(isPerson: true, text: words),
    ])
  }

  @Test(arguments: PhoneNetwork.Timeline.allCases)
  func timelines(_ timeline: PhoneNetwork.Timeline) {
    for phrase in PhraseBank.timeline[timeline] ?? [] {
      let found = answer("Thank you. How soon are you looking to get started?", phrase).scorable("timeline")
      #expect(found == [.text(timeline.rawValue)], "\(phrase)")
    }
  }

  @Test func whoDecides() {
    let question = "Are you the person who makes the decision on this?"
    for phrase in PhraseBank.decides {
      #expect(answer(question, phrase).scorable("decision_maker") == [.flag(true)], "\(phrase)")
    }
    for phrase in PhraseBank.doesNotDecide {
      #expect(answer(question, phrase).scorable("decision_maker") == [.flag(false)], "\(phrase)")
    }
  }

  @Test(arguments: Pain.allCases)
  func pains(_ pain: Pain) {
    for clause in PhraseBank.pains[pain] ?? [] {
      let found = answer("What is the biggest problem with the way you handle this today?", "Well, \(clause).")
      #expect(found.scorable("pain_points").contains(.text(pain.rawValue)), "\(clause)")
      for other in ["slow", "expensive"] where other != pain.rawValue {
        #expect(!found.scorable("pain_points").contains(.text(other)), "\(clause) is not \(other)")
      }
    }
  }

  @Test func noPainIsNone() {
    for phrase in PhraseBank.noPain {
      #expect(
        answer("What is the biggest problem with the way you handle this today?", phrase).scorable("pain_points")
          .isEmpty)
    }
  }

  @Test(arguments: SpokenNumber.Form.allCases)
  func budgets(_ form: SpokenNumber.Form) {
    for thousands in [1, 5, 12, 20, 45, 100, 120, 999] {
      for template in PhraseBank.budgetAmount {
        let parts = template.split(separator: "{amount}", omittingEmptySubsequences: false).map(String.init)
        let words = parts[0] + SpokenNumber.phrase(thousands * 1000, form: form) + parts[1]
        let found = answer("What budget have you set aside for this?", words).scorable("budget")
        #expect(found == [.number(Double(thousands * 1000))], "\(words)")
      }
    }
  }

  @Test func noBudget() {
    for phrase in PhraseBank.budgetNone {
      #expect(
        answer("What budget have you set aside for this?", phrase).scorable("budget") == [.number(0)], "\(phrase)")
    }
    for phrase in PhraseBank.budgetUndisclosed {
      #expect(answer("What budget have you set aside for this?", phrase).scorable("budget").isEmpty, "\(phrase)")
    }
  }

  @Test func wishes() {
    let opening = "Do you have a moment?"
    for phrase in PhraseBank.optOut { #expect(answer(opening, phrase).disposition == .optedOut, "\(phrase)") }
    for phrase in PhraseBank.wrongNumber { #expect(answer(opening, phrase).disposition == .wrongPerson, "\(phrase)") }
    for phrase in PhraseBank.notInterested { #expect(answer(opening, phrase).disposition == .declined, "\(phrase)") }
    for phrase in PhraseBank.mailbox { #expect(answer(opening, phrase).disposition == .machine, "\(phrase)") }
    for phrase in PhraseBank.callback {
      for time in ["in an hour", "tomorrow at ten", "on Monday at 2 pm"] {
        let parts = phrase.split(separator: "{time}", omittingEmptySubsequences: false).map(String.init)
        #expect(answer(opening, parts[0] + time + parts[1]).disposition == .callback, "\(phrase)")
      }
    }
  }

  @Test func smallTalkIsNoWish() {
    let all = [
      PhraseBank.goAhead, PhraseBank.areYouARobot, PhraseBank.whoIsCalling, PhraseBank.whatDidYouSay,
      PhraseBank.acknowledge, PhraseBank.thanksAndGoodbye, PhraseBank.notSure, PhraseBank.budgetUndisclosed,
    ]
    for phrase in all.flatMap({ $0 }) {
      #expect(answer("Do you have a moment?", phrase).disposition == .conversed, "\(phrase)")
    }
  }

  @Test func whoOnlySaysHelloHasNotTalked() {
    for phrase in PhraseBank.hello {
      let found = RuleExtractor.extract([ConversationTurn(isPerson: true, text: phrase)])
      #expect(found.disposition == .silent, "\(phrase)")
    }
  }
}
