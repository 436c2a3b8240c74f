import CampaignTerms
import Core
import Postgres
import RingmasterMessages
import Telephony
import Wire

/// The record of what was permitted and why, read in pages.
extension DialStore {
  struct ProofPage: Sendable {
    var lines: [String]
    /// Nil after the last page.
    var next: ProofCursor?
  }

  /// Rows that are read for one page. An attempt with its evidence takes about 1 kB.
  private static let proofPageRows = 200

  /// The lines after `cursor`. Nil when the campaign is not known.
  func proofPage(of campaign: CampaignID, tenant: TenantID, after cursor: ProofCursor) async throws -> ProofPage? {
    guard try await self.campaign(campaign, tenant: tenant) != nil else { return nil }
    var cursor = cursor
    var lines = ProofLines(after: cursor.hash)
    switch cursor.stage {
    case .header:
      lines.addHeader(campaign, tenant: tenant, asOf: cursor.asOf)
      cursor.enter(.campaign)
    case .campaign: try await addCampaigns(of: campaign, tenant: tenant, to: &lines, &cursor)
    case .permits: try await addPermits(of: campaign, tenant: tenant, to: &lines, &cursor)
    case .trailer:
      lines.addTrailer(cursor.counts)
      return ProofPage(lines: lines.lines, next: nil)
    }
    cursor.hash = lines.hash
    return ProofPage(lines: lines.lines, next: cursor)
  }

  private func addCampaigns(
    of campaign: CampaignID, tenant: TenantID, to lines: inout ProofLines, _ cursor: inout ProofCursor
  ) async throws {
    let after = Int64(cursor.position).map { Instant(microsecondsSince1970: $0) } ?? .distantPast
    let rows = try await pool.query(
      query("CampaignVersionsPage"), tenant, campaign, after, cursor.number, Self.proofPageRows, cursor.asOf)
    for row in rows {
      let from: Instant = try row.get("from_at")
      lines.addCampaign(
        from: from, state: try row.get("state"), version: try row.get("policy_version"),
        policy: try CampaignPolicy.decode(row.get("policy", as: [UInt8].self)))
      cursor.position = String(from.microsecondsSince1970)
      cursor.number = try row.get("entry")
    }
    cursor.counts.campaigns += rows.count
    if rows.count < Self.proofPageRows { cursor.enter(.permits) }
  }

  private func addPermits(
    of campaign: CampaignID, tenant: TenantID, to lines: inout ProofLines, _ cursor: inout ProofCursor
  ) async throws {
    let after = LeadID(cursor.position) ?? LeadID(UniqueID(high: 0, low: 0))
    let rows = try await pool.query(
      query("ProofAttempts"), tenant, campaign, after, cursor.number, cursor.asOf, Self.proofPageRows)
    let leads = Set(try rows.map { try $0.get("lead_id", as: LeadID.self) })
    let versions = Dictionary(
      grouping: try await pool.query(query("LeadVersions"), tenant, campaign, leads.sorted()),
      by: { (try? $0.get("lead_id", as: LeadID.self)) ?? after })
    var entries = try await doNotCallEver(
      about: Set(try rows.map { try $0.get("phone", as: String.self) }), campaign: campaign, tenant: tenant,
      until: cursor.asOf)
    var last = cursor.number == 0 ? nil : LeadID(cursor.position)
    for row in rows {
      let lead: LeadID = try row.get("lead_id")
      if lead != last {
        for version in versions[lead] ?? [] {
          lines.addLead(
            try Lead.decode(version.get("lead", as: [UInt8].self)), joinedAt: try version.get("joined_at"),
            until: try version.get("until_at"))
          cursor.counts.leads += 1
        }
        last = lead
      }
      // Once for a page: an entry that is there twice is no other entry.
      for entry in entries.removeValue(forKey: try row.get("phone")) ?? [] {
        lines.addDoNotCall(entry)
        cursor.counts.doNotCall += 1
      }
      lines.addPermit(try Self.attempt(row), placedAt: try row.get("placed_at"))
      cursor.position = lead.description
      cursor.number = try row.get("attempt_number")
    }
    cursor.counts.permits += rows.count
    if rows.count < Self.proofPageRows { cursor.enter(.trailer) }
  }
  /// Every entry there ever was about these numbers, also those that were removed.
  private func doNotCallEver(
    about numbers: Set<String>, campaign: CampaignID, tenant: TenantID, until: Instant
  ) async throws -> [String: [DoNotCallEntry]] {
    let rows = try await pool.query(
      query("ProofDoNotCall"), [tenant, DoNotCallList.everybody], numbers.sorted(),
      [campaign, DoNotCallList.allCampaigns], until)
    return Dictionary(grouping: try rows.map(DoNotCallEntry.init), by: \.number)
  }
}
