import Telephony
import Testing

@Suite struct CallStateTests {
  @Test func aCallGoesForwardOnly() {
    let live: [CallState] = [.pending, .initiated, .ringing, .inProgress]
    for (index, state) in live.enumerated() {
      for (other, next) in live.enumerated() { #expect(state.canBecome(next) == (other > index), "\(state) \(next)") }
    }
  }

  @Test func nothingFollowsAnEnding() {
    for state in CallState.allCases where state.isTerminal {
      for next in CallState.allCases { #expect(!state.canBecome(next), "\(state) \(next)") }
    }
  }

  @Test func anAnsweredCallWasNeitherBusyNorUnanswered() {
    let endings = CallState.allCases.filter { CallState.inProgress.canBecome($0) }
    #expect(endings == [.completed, .voicemail, .failed, .cancelled])
  }

  @Test func aCallWhoseReportsWereLostMayEndAnyhow() {
    for state in [CallState.pending, .initiated, .ringing] {
      for ending in CallState.allCases where ending.isTerminal { #expect(state.canBecome(ending)) }
    }
  }

  @Test func namesAreStable() {
    #expect(
      CallState.allCases.map(\.rawValue) == [
        "pending", "initiated", "ringing", "in_progress", "completed", "voicemail", "no_answer", "busy", "failed",
        "cancelled",
      ])
    #expect(
      CallOutcome.allCases.map(\.rawValue) == [
        "qualified", "unqualified", "callback_requested", "not_interested", "wrong_number", "voicemail", "no_answer",
        "busy", "failed",
      ])
    #expect(
      CallType.allCases.map(\.rawValue) == ["qualify_lead", "confirm_appointment", "follow_up", "consumer_callback"])
  }

  @Test func whatReachedSomebodyIsNeverRetried() {
    #expect(CallOutcome.allCases.filter { !$0.isFinalForLead } == [.noAnswer, .busy, .failed])
    for outcome in CallOutcome.allCases where outcome.reachedPerson { #expect(outcome.isFinalForLead) }
  }
}

@Suite struct DialPriorityTests {
  @Test func neverCalledThenFailedThenUnanswered() {
    let order: [CallOutcome?] = [nil, .failed, .noAnswer]
    for type in CallType.allCases {
      let ranks = order.map { DialPriority(lastOutcome: $0).rank(for: type) }
      #expect(ranks == ranks.sorted() && Set(ranks).count == 3)
    }
    #expect(DialPriority(lastOutcome: .busy) == .noAnswerRetry)
  }

  @Test func confirmationsBeforeFollowUpsWithinAPriority() {
    for priority in DialPriority.allCases {
      #expect(priority.rank(for: .confirmAppointment) < priority.rank(for: .qualifyLead))
      #expect(priority.rank(for: .qualifyLead) < priority.rank(for: .followUp))
    }
    #expect(DialPriority.neverCalled.rank(for: .followUp) < DialPriority.failedRetry.rank(for: .confirmAppointment))
    let ranks = Set(DialPriority.allCases.flatMap { priority in CallType.allCases.map { priority.rank(for: $0) } })
    #expect(ranks == Set(0...8))
  }
}
