import CampaignTerms
import Core
import Postgres
import RingmasterMessages
import Telephony
import Wire

/// What an edit would do, before it is applied.
extension DialStore {
  struct Preview: Sendable {
    var policyVersion: Int
    var waiting: Int
    var edit: EditPreview
  }

  /// Leads that are looked at one by one; of more, a sample of this size.
  static let mostPreviewed = 200_000
  private static let previewPage = 2_000

  /// Compares when the waiting leads may be called by the running policy and by another one. Nil when the campaign is not
  /// known.
  func preview(_ terms: CampaignTerms, of id: CampaignID, tenant: TenantID, now: Instant) async throws -> Preview? {
    guard let known = try await campaign(id, tenant: tenant) else { return nil }
    let counts = try await pool.query(query("CampaignCounts"), tenant, id, now).first
    let waiting: Int = try counts?.get("waiting") ?? 0
    let every = max(1, (waiting + Self.mostPreviewed - 1) / Self.mostPreviewed)
    let edited = CampaignRules(
      tenant: tenant, campaign: id, policyVersion: known.rules.policyVersion + 1, terms: terms)
    var before = NextCallMemory(rules: known.rules, now: now)
    var after = NextCallMemory(rules: edited, now: now)
    var preview = Preview(policyVersion: known.rules.policyVersion, waiting: waiting, edit: EditPreview())
    var last = LeadID(UniqueID(high: 0, low: 0))
    while preview.edit.examined < Self.mostPreviewed {
      let rows = try await pool.query(query("QueueSample"), tenant, id, last, every, Self.previewPage)
      let leads = try rows.map { row in
        (entry: try Self.entry(row), callee: try Self.lead(row).callee)
      }
      let facts = try await facts(about: leads.map { ($0.entry.lead, $0.callee) }, rules: edited, in: pool)
      for (entry, callee) in leads {
        last = entry.lead
        let moved = entry.rescheduled(from: known.rules, to: edited, now: now)
        preview.edit.add(
          entry.lead, before: before.result(entry, callee: callee, facts: facts),
          after: after.result(moved, callee: callee, facts: facts))
      }
      if rows.count < Self.previewPage { break }
    }
    return preview
  }
}

extension QueueEntry {
  /// Its place after an edit, as `DialStore.take` moves it: what only waits for a window looks for the new ones.
  fileprivate func rescheduled(from old: CampaignRules, to new: CampaignRules, now: Instant) -> QueueEntry {
    guard old.windows != new.windows, attempts == 0, rank != Self.requested else { return self }
    return waiting(until: now)
  }
}
