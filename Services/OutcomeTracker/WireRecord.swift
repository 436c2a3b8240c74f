import CampaignTerms
import Core
import RingmasterMessages
import Wire

// The bridge's facts to the domain, the domain's decision to the wire.

extension CallFacts {
  init(_ ended: CallEnded) {
    self.init(wasAnswered: ended.answeredAt != nil, talkTime: .zero)
    for fact in ended.facts {
      switch fact.kind {
      case .providerEnded(let word):
        providerStatus = word.status
        sipCode = word.sipCode == 0 ? nil : Int(word.sipCode)
      case .answeredBy(let verdict): answeredBy = verdict
      case .failure("broken_off"), .hungUpByUs("engine_lost"), .hungUpByUs("engine_unavailable"),
        .hungUpByUs("overdue"):
        brokeOff = true
      case .failure(let reason): failure = reason
      case .hungUpByUs, .voicemailLeft, nil: break
      }
    }
    if let billed = ended.talkDuration?.duration {
      talkTime = billed
    } else if let answered = ended.answeredAt?.instant, let over = ended.endedAt?.instant {
      talkTime = max(.zero, answered.duration(to: over))
    }
  }
}

extension OutcomeDecision.Disposition {
  init(_ score: Score) {
    switch score.disposition {
    case .conversed: self = .conversed(qualified: score.qualified, score: Int(score.score))
    case .declined: self = .declined
    case .optedOut: self = .optedOut
    case .wrongPerson: self = .wrongPerson
    case .callback: self = .callback
    case .machine: self = .machine
    case .silent, .unspecified, .unrecognized: self = .silent
    }
  }
}

extension CallRecord {
  init(_ ended: CallEnded, facts: CallFacts, decision: OutcomeDecision, score: Score?, costs lines: [RateCard.Line]) {
    self.init()
    callId = ended.callId
    campaignId = ended.campaignId
    leadId = ended.leadId
    attemptNumber = ended.attemptNumber
    state = ended.state
    outcome = decision.outcome.wire
    outcomeReason = decision.reason
    rulesVersion = Int32(OutcomeDecision.rulesVersion)
    optedOut = decision.optedOut
    permanentFailure = decision.permanent
    requestedAt = ended.requestedAt
    answeredAt = ended.answeredAt
    endedAt = ended.endedAt
    talkDuration = ProtobufDuration(facts.talkTime)
    self.score = score
    to = ended.to
    from = ended.from
    provider = ended.provider
    providerCallId = ended.providerCallId
    turns = Int32(ended.transcript.count)
    costMicros = lines.reduce(0) { $0 + $1.costMicros }
    costs = lines.map {
      var line = CostLine()
      line.vendor = $0.vendor
      line.costMicros = $0.costMicros
      line.basis = $0.basis
      return line
    }
  }
}
