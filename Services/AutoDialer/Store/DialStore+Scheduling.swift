import CampaignTerms
import Core
import EventLog
import Postgres
import RPC
import RingmasterMessages
import Telephony
import Wire

enum ScheduledCallEntity {}
typealias ScheduledCallID = Identifier<ScheduledCallEntity>

/// Single calls that somebody asked for. Whoever changes one takes the lead's row out of the queue first, as a claim does:
/// one of the two gets it, and the other one finds it gone.
extension DialStore {
  /// What somebody asks for.
  struct WishedCall: Sendable {
    var tenant: TenantID
    var campaign: CampaignID
    var lead: LeadID
    var at: Instant
    var notAfter: Instant?
    var reason: String
    var actor: String
    /// Empty: every request is one of its own.
    var key: String
  }

  /// Puts leads in front of the queue, each for the time asked for or the next opening after it; answered in step, each
  /// for itself. Wishes of one campaign are one transaction.
  func schedule(_ wishes: [WishedCall], now: Instant) async -> [Result<ScheduledCall, any Error>] {
    var answers = [Result<ScheduledCall, any Error>?](repeating: nil, count: wishes.count)
    var left = Array(wishes.indices)
    while let first = left.first {
      // Of what shares a lead or a key, the second has to see what became of the first.
      var (leads, keys): (Set<LeadID>, Set<String>) = ([], [])
      let turn = left.filter { index in
        let wish = wishes[index]
        return wish.tenant == wishes[first].tenant && wish.campaign == wishes[first].campaign
          && (wish.key.isEmpty || keys.insert(wish.key).inserted) && leads.insert(wish.lead).inserted
      }
      left.removeAll(where: Set(turn).contains)
      for (index, answer) in zip(turn, await schedule(together: turn.map { wishes[$0] }, now: now)) {
        answers[index] = answer
      }
    }
    return answers.compactMap { $0 }
  }

  private func schedule(
    together wishes: [WishedCall], now: Instant
  ) async -> [Result<ScheduledCall, any Error>] {
    var answers: [Result<ScheduledCall, any Error>?]
    do {
      answers = try await put(wishes, now: now)
    } catch let error as PostgresError where wishes.count > 1 && Self.isAboutValues(error) {
      answers = wishes.map { _ in nil }  // Each alone: what is wrong with one is no reason to refuse the others.
    } catch {
      return wishes.map { _ in .failure(error) }
    }
    for index in wishes.indices {
      do {
        // Its row is in another's hands; alone it can be waited for.
        while answers[index] == nil { answers[index] = try await put([wishes[index]], now: now)[0] }
      } catch {
        answers[index] = .failure(error)
      }
    }
    return answers.compactMap { $0 }
  }

  private static func isAboutValues(_ error: PostgresError) -> Bool {
    [.conflict, .constraint, .invalidValue].contains(error.code)
  }

  /// Of one campaign, with different leads and keys. Nil for a lead that a claim is looking at.
  private func put(_ wishes: [WishedCall], now: Instant) async throws -> [Result<ScheduledCall, any Error>?] {
    try await pool.transaction(name: "ScheduleCalls") { transaction in
      let (tenant, campaign) = (wishes[0].tenant, wishes[0].campaign)
      let keys = wishes.map(\.key).filter { !$0.isEmpty }
      let read = try await transaction.run([
        PostgresStatement(query("HoldCampaign"), tenant, campaign),
        PostgresStatement(query("LockScheduledCallKeys"), tenant, keys),
        PostgresStatement(query("ScheduledCallsByKey"), tenant, keys),
      ])
      var answers = try answered(wishes, read[2].rows)
      let new = wishes.filter { answers[$0.lead] == nil }.sorted { $0.lead < $1.lead }
      guard !new.isEmpty else { return wishes.map { answers[$0.lead] } }
      do {
        guard let known = try read[0].rows.first.map({ try self.campaign(campaign, tenant: tenant, $0) })
        else { throw RPCError(.notFound, "the dialer knows no campaign \(campaign)") }
        guard !["cancelled", "completed"].contains(known.state) else {
          throw RPCError(.failedPrecondition, "the campaign is \(known.state); it makes no more calls")
        }
        let placed = try await put(new, known: known, now: now, in: transaction)
        answers.merge(placed) { $1 }
      } catch let error as RPCError {
        for wish in new { answers[wish.lead] = .failure(error) }
      }
      return wishes.map { answers[$0.lead] }
    }
  }

  /// What earlier requests with the same keys asked for, by lead. A key serves one request.
  private func answered(
    _ wishes: [WishedCall], _ rows: [PostgresRow]
  ) throws -> [LeadID: Result<ScheduledCall, any Error>] {
    let known = try Dictionary(
      uniqueKeysWithValues: rows.map { row in
        (try row.get("idempotency_key", as: String.self), try ScheduledCall(row: row))
      })
    var answers: [LeadID: Result<ScheduledCall, any Error>] = [:]
    for wish in wishes {
      guard let call = known[wish.key] else { continue }
      let isSame = call.leadId == wish.lead.description && call.campaignId == wish.campaign.description
      answers[wish.lead] =
        isSame
        ? .success(call)
        : .failure(RPCError(.alreadyExists, "the idempotency key was used for another lead; choose a new one"))
    }
    return answers
  }

  /// What is known of leads that are taken out of the queue for their wishes.
  private struct WishedLeads {
    var places: [LeadID: QueueEntry]
    var tasks: [LeadID: LockedTask]
    /// Calls that they wait for already.
    var others: [LeadID: ScheduledCall]
    /// Of those that are done.
    var ends: [LeadID: String]
    var histories: [LeadID: AttemptHistory]
    var facts: DialFacts

    /// Nil: a claim is looking at the lead just now.
    func standing(of lead: LeadID, _ task: LockedTask, now: Instant) -> CallWish.Standing? {
      if let place = places[lead] { return .waiting(place) }
      if task.isWaiting, !task.isRequested { return nil }
      if task.isOpen { return .inFlight }
      return .done(
        reason: ends[lead] ?? "not_recorded", histories[lead]?.entry ?? QueueEntry(lead: lead, rank: 0, dueAt: now))
    }
  }

  /// Takes leads out of the queue, but those that wait for a call that somebody asked for, and locks them. Rows in
  /// another's hands are left alone, lest two wait for each other; one alone is waited for.
  private func takeOut(
    _ leads: [LeadID], rules: CampaignRules, in transaction: PostgresTransaction
  ) async throws -> WishedLeads {
    let (tenant, campaign) = (rules.tenant, rules.campaign)
    let known = try await transaction.run([
      PostgresStatement(
        query(leads.count == 1 ? "TakeFromQueue" : "TakeFreeFromQueue"), tenant, campaign, leads),
      PostgresStatement(query("LockTasks"), tenant, campaign, leads),
      PostgresStatement(query("WaitingScheduledCalls"), tenant, campaign, leads),
    ])
    let places = try known[0].rows.map(Self.entry)
    let tasks = try Self.tasks(known[1].rows)
    let others = known[2].rows
    let done = leads.filter { tasks[$0]?.isOpen == false }
    var ends: [LeadID: String] = [:]
    var histories: [LeadID: AttemptHistory] = [:]
    if !done.isEmpty {
      for row in try await transaction.query(query("LeadEnds"), tenant, campaign, done) {
        ends[try row.get("lead_id")] = try row.get("reason")
      }
      histories = try await self.histories(of: done, campaign: campaign, tenant: tenant, in: transaction)
    }
    let callees = try leads.compactMap { lead in try tasks[lead].map { (lead, try $0.callee()) } }
    return WishedLeads(
      places: Dictionary(uniqueKeysWithValues: places.map { ($0.lead, $0) }), tasks: tasks,
      others: Dictionary(uniqueKeysWithValues: try others.map { (try $0.get("lead_id"), try ScheduledCall(row: $0)) }),
      ends: ends, histories: histories, facts: try await facts(about: callees, rules: rules, in: transaction))
  }

  /// By lead; nothing of a lead that a claim is looking at.
  private func put(
    _ wishes: [WishedCall], known: KnownCampaign, now: Instant, in transaction: PostgresTransaction
  ) async throws -> [LeadID: Result<ScheduledCall, any Error>] {
    let (tenant, campaign) = (known.rules.tenant, known.rules.campaign)
    let leads = try await takeOut(wishes.map(\.lead), rules: known.rules, in: transaction)
    var answers: [LeadID: Result<ScheduledCall, any Error>] = [:]
    var granted: [GrantedWish] = []
    for wish in wishes {
      do {
        guard let task = leads.tasks[wish.lead]
        else { throw RPCError(.notFound, "campaign \(campaign) has no lead \(wish.lead)") }
        if let other = leads.others[wish.lead] {
          throw RPCError(
            .alreadyExists,
            "the lead is to be called at \(other.dueAt?.instant.rfc3339 ?? "") already, see \(other.scheduledCallId); "
              + "cancel that first")
        }
        guard let standing = leads.standing(of: wish.lead, task, now: now) else { continue }
        let call = try CallWish(
          at: wish.at, notAfter: wish.notAfter, standing: standing, callee: try task.callee(), rules: known.rules,
          facts: leads.facts, now: now)
        granted.append(GrantedWish(id: ScheduledCallID(newID()), wish: wish, standing: standing, call: call))
      } catch let refusal as CallWish.Refusal {
        answers[wish.lead] = .failure(RPCError(.failedPrecondition, refusal.message))
      } catch {
        answers[wish.lead] = .failure(error)
      }
    }
    let refused = answers.keys.sorted().compactMap { leads.places[$0] }
    let (reopening, reopened) = try reopening(granted.filter { !$0.endReason.isEmpty }, of: known, now: now)
    let results = try await transaction.run(
      puttingBack(granted.map(\.call.entry) + refused, campaign: campaign, tenant: tenant) + reopening
        + inserting(granted, of: known, now: now))
    guard !granted.isEmpty, let rows = results.last?.rows else { return answers }
    var calls = try rows.map(ScheduledCall.init(row:))
    try events.append(
      reopened + Self.changeEvents(calls), in: transaction, at: now, tenant: tenant)
    for index in calls.indices where known.state != "active" {
      calls[index].note = "the campaign is \(known.state): nothing is dialed until it is active"
    }
    for (row, call) in zip(rows, calls) { answers[try row.get("lead_id")] = .success(call) }
    return answers
  }

  /// A wish that the rules allow.
  private struct GrantedWish {
    var id: ScheduledCallID
    var wish: WishedCall
    var standing: CallWish.Standing
    var call: CallWish

    /// The lead's place before it.
    var before: QueueEntry? { if case .waiting(let entry) = standing { entry } else { nil } }
    /// Why the lead was done; empty when it was not.
    var endReason: String { if case .done(let reason, _) = standing { reason } else { "" } }
  }

  private func inserting(
    _ granted: [GrantedWish], of known: KnownCampaign, now: Instant
  ) throws -> [PostgresStatement] {
    guard !granted.isEmpty else { return [] }
    let before = granted.map(\.before)
    return [
      PostgresStatement(
        try query("InsertScheduledCalls"), known.rules.tenant, known.rules.campaign, now, granted.map(\.id),
        granted.map(\.wish.lead), granted.map(\.wish.at), granted.map(\.call.entry.dueAt),
        granted.map(\.call.dueReason), granted.map(\.call.notAfter), granted.map(\.wish.reason),
        granted.map(\.wish.actor), granted.map(\.wish.key), before.map { $0?.rank }, before.map { $0?.dueAt },
        before.map { $0?.notAfter }, before.map { $0?.avoiding?.start }, before.map { $0?.avoiding?.end },
        granted.map(\.endReason))
    ]
  }

  private func reopening(
    _ granted: [GrantedWish], of known: KnownCampaign, now: Instant
  ) throws -> ([PostgresStatement], [NewEvent]) {
    guard !granted.isEmpty else { return ([], []) }
    let (tenant, campaign) = (known.rules.tenant, known.rules.campaign)
    let leads = granted.map(\.wish.lead)
    let statements = [
      PostgresStatement(try query("ReopenTasks"), tenant, campaign, leads),
      PostgresStatement(try query("ReopenLeadEnds"), tenant, campaign, leads, now),
    ]
    let told = granted.map { granted in
      var event = LeadReopened()
      event.campaignId = campaign.description
      event.leadId = granted.wish.lead.description
      event.dueAt = Timestamp(granted.call.entry.dueAt)
      event.reason = granted.wish.reason
      return NewEvent(key: event.leadId, message: event)
    }
    return (statements, told)
  }
}
