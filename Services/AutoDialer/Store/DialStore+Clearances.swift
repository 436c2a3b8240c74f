import Core
import Postgres

/// What registers and campaigns' own systems said, and what they have still to be asked.
extension DialStore {
  /// A question to be asked, or that was taken to be asked.
  struct ClearanceQuestion: Hashable, Sendable {
    var tenant: TenantID
    var key: Clearance.Key
    /// Who waits for the answer.
    var campaign: CampaignID
    var lead: LeadID
    /// E.164.
    var number: String
    /// Times in a row that it was asked in vain.
    var tries = 0
  }

  func clearances(
    _ keys: Set<Clearance.Key>, tenant: TenantID, in session: (any PostgresSession)? = nil
  ) async throws -> [Clearance.Key: Clearance] {
    guard !keys.isEmpty else { return [:] }
    let keys = Array(keys)
    let rows = try await (session ?? pool).query(
      query("Clearances"), tenant, keys.map(\.kind.rawValue), keys.map(\.subject))
    var known: [Clearance.Key: Clearance] = [:]
    for row in rows {
      guard let kind = Clearance.Kind(rawValue: try row.get("kind")),
        let verdict = Clearance.Verdict(rawValue: try row.get("verdict"))
      else { continue }  // Unknown means that nobody has answered.
      known[Clearance.Key(kind: kind, subject: try row.get("subject"))] = Clearance(
        verdict: verdict, reason: try row.get("reason"), checkedAt: try row.get("checked_at"),
        expiresAt: try row.get("expires_at"), tries: try row.get("tries"))
    }
    return known
  }

  /// All that is known about leads that may be called now.
  func facts(
    about leads: [(lead: LeadID, callee: Callee)], rules: CampaignRules, in session: any PostgresSession
  ) async throws -> DialFacts {
    var facts = DialFacts(gate: gate)
    let numbers = Set(leads.flatMap { $0.callee.numbers.map(\.phone) })
    facts.doNotCall = try await doNotCall(
      Array(numbers), tenant: rules.tenant, campaign: rules.campaign, in: session)
    let keys = leads.flatMap { one in
      one.callee.numbers.flatMap { gate.keys($0, lead: one.lead, eligibilityURL: rules.eligibilityURL) }
    }
    facts.clearances = try await clearances(Set(keys), tenant: rules.tenant, in: session)
    return facts
  }

  /// Writes down what a register has to be asked about leads that have just come, so that it is known in time.
  func washAhead(
    _ leads: [(lead: LeadID, callee: Callee)], of campaign: CampaignID, tenant: TenantID, now: Instant,
    in session: any PostgresSession
  ) async throws {
    let questions = leads.flatMap { one in
      one.callee.numbers.flatMap { number in
        gate.keys(number, lead: one.lead, eligibilityURL: nil).map {
          ClearanceQuestion(tenant: tenant, key: $0, campaign: campaign, lead: one.lead, number: number.phone)
        }
      }
    }
    try await ask(questions, tenant: tenant, now: now, in: session)
  }

  /// Writes down questions for whoever asks them. One that is written down already, or answered, stays as it is.
  func ask(_ questions: [ClearanceQuestion], tenant: TenantID, now: Instant, in session: any PostgresSession)
    async throws
  {
    var seen: Set<Clearance.Key> = []
    let questions = questions.filter { seen.insert($0.key).inserted }
    guard !questions.isEmpty else { return }
    try await session.execute(
      query("AskClearances"), tenant, questions.map(\.key.kind.rawValue), questions.map(\.key.subject),
      questions.map(\.campaign), questions.map(\.lead), questions.map(\.number), now)
  }

  /// Questions whose time has come, left to the caller for `seconds`.
  func takeQuestions(
    _ kind: Clearance.Kind, most: Int, seconds: Double, now: Instant
  ) async throws -> [ClearanceQuestion] {
    try await pool.query(query("TakeClearanceQuestions"), kind.rawValue, now, most, seconds).map { row in
      ClearanceQuestion(
        tenant: try row.get("tenant_id"), key: Clearance.Key(kind: kind, subject: try row.get("subject")),
        campaign: try row.get("campaign_id"), lead: try row.get("lead_id"), number: try row.get("number"),
        tries: try row.get("tries"))
    }
  }

  /// Keeps what came of questions of one kind, and lets the leads that wait for it be looked at now.
  func answer(
    _ answers: [(question: ClearanceQuestion, clearance: Clearance)], kind: Clearance.Kind, now: Instant
  ) async throws {
    for (tenant, answers) in Dictionary(grouping: answers, by: \.question.tenant) {
      try await pool.transaction(name: "AnswerClearances") { transaction in
        try await transaction.execute(
          query("AnswerClearances"), tenant, kind.rawValue, answers.map(\.question.key.subject),
          answers.map(\.clearance.verdict.rawValue), answers.map(\.clearance.reason), now,
          answers.map(\.clearance.expiresAt), answers.map(\.clearance.tries))
        let settled = answers.filter { $0.clearance.verdict != .unanswered }.map(\.question)
        try await transaction.execute(
          query("WakeLeads"), tenant, settled.map(\.campaign), settled.map(\.lead), now,
          now + ClearanceGate.answerWait)
      }
    }
  }
}

extension DialFacts {
  /// What has to be asked before the lead can be called.
  func questions(
    about lead: LeadID, _ callee: Callee, rules: CampaignRules, now: Instant
  ) -> [DialStore.ClearanceQuestion] {
    callee.numbers.flatMap { number in
      gate.keys(number, lead: lead, eligibilityURL: rules.eligibilityURL)
        .filter { clearances[$0]?.isAsked(now: now) ?? true }
        .map {
          DialStore.ClearanceQuestion(
            tenant: rules.tenant, key: $0, campaign: rules.campaign, lead: lead, number: number.phone)
        }
    }
  }
}
