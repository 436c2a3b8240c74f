import Core
import RingmasterMessages
import Telephony
import Wire

// Forecasts on the wire.

extension CampaignForecast {
  init(_ forecast: Forecast, _ ground: ForecastGround, _ wish: ForecastWish) {
    self.init()
    campaignId = wish.campaign.description
    at = Timestamp(wish.now)
    from = Timestamp(max(wish.from, ground.rules.startsAt ?? wish.from))
    policyVersion = Int32(ground.rules.policyVersion)
    timeZone = ground.rules.zone.name
    summary = forecast.sentence(horizonDays: wish.days)
    leads = Int64(ground.census.leads)
    endsAt = forecast.endsAt.map(Timestamp.init)
    stoppedBy = forecast.stop?.word ?? ""
    openLeads = Int64(forecast.openLeads)
    calls = Int64(forecast.calls)
    answered = Int64(forecast.answered)
    costMicros = forecast.costMicros
    peakLines = Int32(clamping: forecast.peakLines)
    days = forecast.days.map(ForecastDay.init)
    ends = forecast.leadsByEnd.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { reason, leads in
      var count = ReasonCount()
      (count.reason, count.leads) = (reason, Int64(leads))
      return count
    }
    var never = ground.census.never
    for (reason, leads) in forecast.neverCalled.merging(ground.endedUncalled, uniquingKeysWith: +) {
      never[reason] = never[reason].map { $0 + leads } ?? leads
    }
    neverCalled = never.sorted { ($1.value.leads, $0.key) < ($0.value.leads, $1.key) }.map { NeverCalled($0, $1) }
    notes = Self.notes(ground, wish)
  }

  private static func notes(_ ground: ForecastGround, _ wish: ForecastWish) -> [String] {
    var notes = ["what other campaigns will use of the limits they share is not foreseen"]
    if ground.known.state != "active" {
      notes.append("the campaign is \(ground.known.state): it is taken to call from \(wish.from.forPeople) on")
    }
    if ground.rules.eligibilityURL != nil {
      notes.append("the campaign's own system is taken to let every lead be called")
    }
    if wish.terms != nil { notes.append("with the policy that was sent, not with the running one") }
    if let terms = wish.terms, !wish.provider.isEmpty, ground.known.rules.provider != wish.provider {
      notes.append("limits of provider \(ground.known.rules.provider) are taken for \(terms.name)'s \(wish.provider)")
    }
    return notes
  }
}

extension Forecast.NeverCalled {
  fileprivate static func + (one: Forecast.NeverCalled, other: Forecast.NeverCalled) -> Forecast.NeverCalled {
    Forecast.NeverCalled(
      leads: one.leads + other.leads, examples: Array((one.examples + other.examples).prefix(mostExamples)))
  }
}

extension Forecast.Stop {
  var word: String {
    switch self {
    case .horizon: "horizon"
    case .budget: "budget"
    case .schedule: "schedule"
    case .callerID: "caller_id"
    }
  }
}

extension ForecastDay {
  init(_ day: Forecast.Day) {
    self.init()
    date = day.date.description
    calls = Int64(day.calls)
    answered = Int64(day.answered)
    finished = Int64(day.finished)
    costMicros = day.costMicros
    peakLines = Int32(clamping: day.peakLines)
    constraint = day.constraint?.word ?? ""
    overdue = Int64(day.overdue)
  }
}

extension NeverCalled {
  init(_ reason: String, _ leads: Forecast.NeverCalled) {
    self.init()
    self.reason = reason
    self.leads = Int64(leads.leads)
    leadIds = leads.examples.map(\.description)
  }
}

extension ForecastBasis {
  init(_ assumptions: ForecastAssumptions, _ ground: ForecastGround, _ wishes: ForecastWishes) {
    self.init()
    source = ground.experience.map { $0.isOwn ? .campaign : .tenant } ?? .default
    learnedFromCalls = Int64(ground.experience?.calls.calls ?? 0)
    given = wishes.names
    answeredRate = assumptions.share(of: .answered)
    voicemailRate = assumptions.share(of: .voicemail)
    noAnswerRate = assumptions.share(of: .noAnswer)
    busyRate = assumptions.share(of: .busy)
    failedRate = assumptions.share(of: .failed)
    qualifiedRate = assumptions.mean({ $0.outcome == .qualified ? 1 : 0 }, of: [.answered])
    talk = ProtobufDuration(.seconds(assumptions.mean({ $0.talking.inSeconds }, of: [.answered])))
    ring = ProtobufDuration(
      .seconds(assumptions.mean({ $0.ringing.inSeconds }, of: [.answered, .voicemail, .noAnswer])))
    costPerCallMicros = Int64(assumptions.mean { Double($0.costMicros) }.rounded())
    callsToldApart = Int32(assumptions.byCall.count)
  }
}

extension ForecastFinish {
  init(_ plan: ForecastPlan, by end: Instant, _ wish: ForecastWish) {
    self.init()
    by = Timestamp(end)
    possible = plan.lines != nil
    lines = Int32(clamping: plan.lines ?? 0)
    endsAt = plan.forecast.endsAt.map(Timestamp.init)
    calls = Int64(plan.forecast.calls)
    costMicros = plan.forecast.costMicros
    if let lines = plan.lines {
      summary = (lines == 1 ? "1 call at once finishes" : "\(lines) calls at once finish") + " it by \(end.forPeople)"
    } else {
      summary =
        "no number of calls at once finishes it by \(end.forPeople): with \(ForecastPlan.mostLines), "
        + plan.forecast.sentence(horizonDays: wish.days)
    }
  }
}
