import Core
import Testing

@testable import PhoneNetwork

@Suite struct PeopleTests {
  private static func plans(_ count: Int, seed: UInt64 = 1, attempt: Int = 1) -> [AttemptPlan] {
    (0..<count).map {
      AttemptPlan(seed: seed, number: "+1\(2_125_550_000 + $0)", attempt: attempt, population: .standard)
    }
  }

  @Test func plansFollowFromSeedNumberAndAttemptAlone() {
    let backwards = (0..<200).reversed().map { Self.plans($0 + 1)[$0] }
    #expect(backwards.reversed() == Self.plans(200))
    #expect(Self.plans(200, seed: 2) != Self.plans(200))
    #expect(Self.plans(200, attempt: 2).map(\.fate) != Self.plans(200).map(\.fate))
  }

  @Test func firstAttemptsHaveTheSharesAskedFor() {
    let plans = Self.plans(10_000)
    func share(_ isCounted: (AttemptPlan.Fate) -> Bool) -> Double {
      Double(plans.count { isCounted($0.fate) }) / Double(plans.count) * 100
    }
    let conversations = share {
      if case .answered(_, .person(let person)) = $0 { return person.intent == .conversation }
      return false
    }
    #expect((33...37).contains(conversations))
    #expect((17.5...20.5).contains(share { $0 == .noAnswer }))
    #expect((2.4...3.6).contains(share { $0 == .unassigned }))
    let mailboxes = share {
      if case .answered(_, .mailbox) = $0 { return true }
      return false
    }
    #expect((12.7...15.3).contains(mailboxes))
  }

  @Test func whoWasNotReachedMayBeReachedLater() {
    let missed = Self.plans(2_000).filter { $0.fate == .noAnswer }
    let later = missed.count { plan in
      let second = AttemptPlan(seed: 1, number: plan.number, attempt: 2, population: .standard)
      if case .answered = second.fate { return true }
      return false
    }
    #expect((0.6...0.85).contains(Double(later) / Double(missed.count)))
  }

  @Test func aNumberStaysUnassignedAndAPersonTheSame() {
    for number in 0..<500 {
      let plans = (1...4).map {
        AttemptPlan(seed: 3, number: "+1\(2_125_550_000 + number)", attempt: $0, population: .standard)
      }
      #expect(Set(plans.map { $0.fate == .unassigned }).count == 1)
      let people = plans.compactMap { plan -> PersonPlan? in
        if case .answered(_, .person(let person)) = plan.fate { return person }
        return nil
      }
      #expect(Set(people.map(\.facts)).count <= 1)
      // Who asked to be called again talks or declines the next time; other wishes do not change by themselves.
      for (earlier, later) in zip(people, people.dropFirst()) where earlier.intent == .callbackRequested {
        #expect(later.intent == .conversation || later.intent == .notInterested)
      }
      for (earlier, later) in zip(people, people.dropFirst()) where earlier.intent == .optedOut {
        #expect(later.intent == .optedOut)
      }
    }
  }

  @Test func ringingTakesThreeToEightSeconds() {
    for plan in Self.plans(500) {
      if case .answered(let ring, _) = plan.fate { #expect((.seconds(3) ... .seconds(8)).contains(ring)) }
    }
  }

  @Test func weightsAreReadAndWritten() throws {
    let population = try #require(Population("conversation=2, busy=0.5"))
    #expect(
      population.weight(.conversation) == 2 && population.weight(.busy) == 0.5 && population.weight(.noAnswer) == 0)
    #expect(Population(Population.standard.text) == .standard)
    for text in ["", "busy", "busy=-1", "busy=nan", "lunch=1", "busy=0"] { #expect(Population(text) == nil) }
  }

  @Test func numbersAreSpokenInManyForms() {
    #expect(SpokenNumber.phrase(15_000, form: .words) == "fifteen thousand")
    #expect(SpokenNumber.phrase(15_000, form: .dollarSign) == "$15,000")
    #expect(SpokenNumber.phrase(75_000, form: .grandInWords) == "seventy-five grand")
    #expect(SpokenNumber.phrase(120_000, form: .wordsAndDollars) == "one hundred and twenty thousand dollars")
    #expect(SpokenNumber.phrase(250_000, form: .shortK) == "250k")
  }

  @Test func agentsQuestionsAreRecognised() {
    for question in AgentBrief.standardQuestions {
      #expect(AgentTalk("Got it. \(question.text)") == Topic(rawValue: question.key).map { .question($0) })
    }
    #expect(AgentTalk("Hello, is this Ada? This is Alex.") == .otherQuestion)
    #expect(AgentTalk("Thank you for your time. Goodbye.") == .goodbye)
    #expect(AgentTalk("We will see.") == .statement)
  }

  @Test func everyPhraseIsUnderstoodAsItIsMeant() {
    let expected: [([String], (PersonTalk) -> Bool)] = [
      (PhraseBank.wrongNumber, { $0 == .wrongPerson }), (PhraseBank.notInterested, { $0 == .declines }),
      (PhraseBank.optOut + PhraseBank.optOutAgain, { $0 == .optsOut }),
      (PhraseBank.mailbox, { $0 == .mailboxGreeting }),
      (PhraseBank.areYouARobot, { $0 == .asksWhetherRobot }), (PhraseBank.whatDidYouSay, { $0 == .asksToRepeat }),
      (PhraseBank.whoIsCalling, { $0 == .asksWhoCalls }), (PhraseBank.areYouThere, { $0 == .asksWhetherThere }),
      (
        PhraseBank.callback.map { $0.split(separator: "{time}").joined(separator: "tomorrow at ten") },
        { $0 == .asksForCallback(time: "tomorrow at ten") }
      ),
      (PhraseBank.timeline.values.flatMap { $0 } + PhraseBank.decides + PhraseBank.doesNotDecide, { $0 == .content }),
      (PhraseBank.budgetNone + PhraseBank.budgetUndisclosed + PhraseBank.noPain, { $0 == .content }),
      (PhraseBank.pains.values.flatMap { $0 } + PhraseBank.acknowledge, { $0 == .content }),
    ]
    for (phrases, isMeant) in expected {
      for phrase in phrases { #expect(isMeant(PersonTalk(phrase)), "\(phrase) → \(PersonTalk(phrase))") }
    }
  }
}
