import CampaignTerms
import Core
import Crypto
import JSON
import RingmasterMessages
import Telephony
import Wire

/// Lines of a proof, each carrying the SHA-256 of the line before it and itself: what `ringmaster-verify` reads. Its README
/// describes the format.
struct ProofLines: Sendable {
  private(set) var lines: [String] = []
  /// Of the last line.
  private(set) var hash: String

  static let format = "ringmaster-proof/1"

  init(after hash: String) { self.hash = hash }

  mutating func add(_ kind: String, _ members: [(String, JSONValue?)]) {
    var row = JSONObject([("kind", .string(kind))])
    for (name, value) in members { if let value { row[name] = value } }
    let text = JSONValue.object(row).serialize()
    hash = SHA256.hexadecimal(Array((hash + text).utf8))
    lines.append(text.dropLast() + ",\"hash\":\"\(hash)\"}")
  }
}

extension ProofLines {
  mutating func addHeader(_ campaign: CampaignID, tenant: TenantID, asOf: Instant) {
    add(
      "header",
      [
        ("format", JSONValue(Self.format)), ("tenant", JSONValue(tenant.description)),
        ("campaign", JSONValue(campaign.description)), ("asOf", JSONValue(asOf.rfc3339)),
      ])
  }

  mutating func addCampaign(from: Instant, state: String, version: Int, policy: CampaignPolicy) {
    add(
      "campaign",
      [
        ("from", JSONValue(from.rfc3339)), ("state", JSONValue(state)), ("version", JSONValue(version)),
        ("policy", policy.json),
      ])
  }

  /// - Parameter until: When the lead's data changed; nil for what it is.
  mutating func addLead(_ lead: Lead, joinedAt: Instant, until: Instant?) {
    let callee = Callee(lead, joinedAt: joinedAt)
    let given = [lead.timeZone] + lead.numbers.map(\.timeZone)
    let numbers = callee.numbers.map { number in
      JSONValue(
        JSONObject([
          ("phone", JSONValue(number.phone)), ("zone", JSONValue(given[number.index])),
          ("zones", JSONValue(number.place.zones.map { JSONValue($0.name) })),
          ("consent", JSONValue(number.consent.rawValue)),
        ]))
    }
    let address = lead.address.map { address in
      JSONValue(
        JSONObject([
          ("country", JSONValue(address.country)), ("subdivision", JSONValue(address.subdivision)),
        ]))
    }
    add(
      "lead",
      [
        ("lead", JSONValue(lead.leadId)), ("joined", JSONValue(joinedAt.rfc3339)),
        ("until", until.map { JSONValue($0.rfc3339) }), ("numbers", JSONValue(numbers)), ("address", address),
        ("notAfter", lead.notAfter.map { JSONValue($0.instant.rfc3339) }),
      ])
  }

  mutating func addDoNotCall(_ entry: DoNotCallEntry) {
    let (scope, campaign): (String, CampaignID?) =
      switch entry.scope {
      case .global: ("global", nil)
      case .tenant: ("tenant", nil)
      case .campaign(let campaign): ("campaign", campaign)
      }
    add(
      "do_not_call",
      [
        ("number", JSONValue(entry.number)), ("scope", JSONValue(scope)),
        ("campaign", campaign.map { JSONValue($0.description) }), ("source", JSONValue(entry.source.rawValue)),
        ("added", JSONValue(entry.addedAt.rfc3339)), ("removed", entry.removedAt.map { JSONValue($0.rfc3339) }),
      ])
  }

  mutating func addPermit(_ attempt: DialStore.StoredAttempt, placedAt: Instant?) {
    let permit = attempt.permit
    add(
      "permit",
      [
        ("call", JSONValue(permit.callId)), ("lead", JSONValue(permit.leadId)),
        ("attempt", JSONValue(permit.attemptNumber)), ("to", JSONValue(permit.to)), ("from", JSONValue(permit.from)),
        ("granted", permit.grantedAt.map { JSONValue($0.instant.rfc3339) }),
        ("expires", permit.expiresAt.map { JSONValue($0.instant.rfc3339) }),
        ("version", JSONValue(permit.policyVersion)), ("evidence", JSONValue(permit.evidence.map { JSONValue($0) })),
        ("state", JSONValue(attempt.state)), ("outcome", attempt.outcome.map { JSONValue($0.rawValue) }),
        ("placed", placedAt.map { JSONValue($0.rfc3339) }), ("ended", attempt.endedAt.map { JSONValue($0.rfc3339) }),
      ])
  }

  mutating func addTrailer(_ counts: ProofCursor.Counts) {
    let rows = 1 + counts.campaigns + counts.doNotCall + counts.leads + counts.permits
    add(
      "trailer",
      [
        ("rows", JSONValue(rows)), ("campaigns", JSONValue(counts.campaigns)),
        ("doNotCall", JSONValue(counts.doNotCall)), ("leads", JSONValue(counts.leads)),
        ("permits", JSONValue(counts.permits)),
      ])
  }
}
