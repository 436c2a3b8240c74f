import Core
import Crypto
import JSON
import Postgres
import RingmasterMessages
import Telephony
import Testing
import Verify
import Wire

@testable import AutoDialer

@Suite struct ProofTests {
  /// A campaign of some days with all that can happen in it.
  private static func campaign(_ dialers: Dialers, seed: UInt64) async throws -> DialStore.KnownCampaign {
    var generator = SeededGenerator(seed: seed)
    var policy = Dialers.policy
    policy.maxCallsPerDay = 30
    policy.maxCallsPerMinute = 20
    policy.leadExpiry = ProtobufDuration(.days(9))
    let campaign = try await dialers.campaign(policy)
    try await dialers.add((0..<25).map(Dialers.lead), to: campaign)
    var now = Dialers.monday
    for turn in 0..<6 {
      let claim = try await dialers.claim(campaign, at: now)
      for attempt in claim.attempts {
        let outcomes: [Telephony.CallOutcome] = [.noAnswer, .busy, .failed, .qualified]
        if Int.random(in: 0..<5, using: &generator) == 0 {
          try await dialers.store.withdraw(attempt.call, tenant: dialers.tenant, now: now)
          continue
        }
        try await dialers.pool.transaction(name: "end") { transaction in
          try await dialers.store.end(
            [
              .init(
                call: attempt.call, campaign: campaign.rules.campaign, at: now + .seconds(50),
                placedAt: now + .seconds(1))
            ], tenant: dialers.tenant, in: transaction)
        }
        try await dialers.settle(
          attempt, outcomes.randomElement(using: &generator) ?? .busy, of: campaign, at: now + .seconds(55))
      }
      now += .hours(turn % 2 == 0 ? 3 : 21)  // 10 and 13 o'clock.
    }
    let number = Dialers.lead(3).phone
    _ = try await dialers.store.addDoNotCall(
      .init(number: number, reason: ""), to: .of(dialers.tenant), source: .optOut, actor: "test", now: now)
    _ = try await dialers.store.removeDoNotCall(
      number, from: .of(dialers.tenant), actor: "test", now: now + .hours(1))
    return campaign
  }

  private static func export(_ campaign: DialStore.KnownCampaign, _ dialers: Dialers) async throws -> [String] {
    var request = ReadProofRequest()
    request.campaignId = campaign.rules.campaign.description
    var lines: [String] = []
    repeat {
      let page = try await InsightRPC(store: dialers.store, clock: ManualClock(Dialers.monday + .days(30))).readProof(
        request, context: .init(tenant: dialers.tenant.description))
      lines += page.lines
      request.cursor = page.nextCursor
    } while !request.cursor.isEmpty
    return lines
  }

  private static func verify(_ lines: [String]) -> ProofVerifier.Report {
    var verifier = ProofVerifier()
    for line in lines { verifier.take(Array(line.utf8)[...]) }
    return verifier.finish()
  }

  /// The lines with new hashes, as somebody would write them who knows how.
  private static func chained(_ rows: [JSONObject]) -> [String] {
    var hash = ""
    return rows.map { row in
      var row = row
      row["hash"] = nil
      let text = JSONValue.object(row).serialize()
      hash = SHA256.hexadecimal(Array((hash + text).utf8))
      return text.dropLast() + ",\"hash\":\"\(hash)\"}"
    }
  }

  @Test func aRealExportVerifies() async throws {
    try await Dialers.with { dialers in
      let campaign = try await Self.campaign(dialers, seed: 1)
      let report = Self.verify(try await Self.export(campaign, dialers))
      #expect(report.findings == [])
      #expect(report.permits >= 25, "\(report)")
      #expect(report.placed > 0 && report.withdrawn > 0 && report.leads == 25 && report.doNotCall == 1, "\(report)")
      #expect(report.permits == (try await dialers.count("select 1 from attempt")))
    }
  }

  /// Whatever is done to a proof shows: 300 random corruptions of each of two proofs.
  @Test(arguments: UInt64(1)...2)
  func everyCorruptionIsFound(seed: UInt64) async throws {
    try await Dialers.with { dialers in
      let lines = try await Self.export(try await Self.campaign(dialers, seed: seed), dialers)
      #expect(Self.verify(lines).isClean)
      var generator = SeededGenerator(seed: seed)
      for _ in 0..<300 {
        var corrupt = lines
        let index = Int.random(in: 0..<lines.count, using: &generator)
        let other = (index + Int.random(in: 1..<lines.count, using: &generator)) % lines.count
        switch Int.random(in: 0..<5, using: &generator) {
        case 0:
          var bytes = Array(lines[index].utf8)
          bytes[Int.random(in: 0..<bytes.count, using: &generator)] ^=
            UInt8(1) << UInt8.random(in: 0..<8, using: &generator)
          var verifier = ProofVerifier()
          for (place, line) in lines.enumerated() { verifier.take((place == index ? bytes : Array(line.utf8))[...]) }
          #expect(!verifier.finish().isClean)
          continue
        case 1: corrupt.remove(at: index)
        case 2: corrupt.insert(lines[index], at: other)
        case 3: corrupt.swapAt(index, other)
        default: corrupt.removeLast(lines.count - index)
        }
        #expect(!Self.verify(corrupt).isClean)
      }
    }
  }

  /// Proofs go back further than the form that ids of calls have now.
  @Test func callsWithIdsOfBeforeAreGood() async throws {
    try await Dialers.with { dialers in
      let lines = try await Self.export(try await Self.campaign(dialers, seed: 3), dialers)
      var rows = try lines.map { try #require(try JSONValue.parse($0).objectValue) }
      let (tenant, campaign) = (rows[0]["tenant"]?.stringValue ?? "", rows[0]["campaign"]?.stringValue ?? "")
      for index in rows.indices where rows[index]["kind"] == "permit" {
        let lead = rows[index]["lead"]?.stringValue ?? ""
        let attempt = try #require(rows[index]["attempt"]?.intValue)
        let hash = UniqueID.derived(from: tenant, campaign, lead, String(attempt))
        #expect(rows[index]["call"]?.stringValue != hash.description)
        rows[index]["call"] = JSONValue(hash.description)
      }
      #expect(Self.verify(Self.chained(rows)).isClean)
    }
  }

  /// Rows that break a rule are found even when the chain was written anew over them, and the rule is named.
  @Test func everyRuleIsCheckedAgain() async throws {
    try await Dialers.with { dialers in
      let lines = try await Self.export(try await Self.campaign(dialers, seed: 3), dialers)
      let rows = try lines.map { try #require(try JSONValue.parse($0).objectValue) }
      #expect(Self.verify(Self.chained(rows)).isClean)
      let permit = try #require(rows.lastIndex { $0["kind"] == "permit" && $0["placed"] != nil })
      let granted = try #require(Instant(rfc3339: rows[permit]["granted"]?.stringValue ?? ""))
      let version = try #require(rows.firstIndex { $0["kind"] == "campaign" })
      let lead = try #require(
        rows.firstIndex { $0["kind"] == "lead" && $0["lead"] == rows[permit]["lead"] })
      func broken(_ rule: String, _ change: (inout [JSONObject]) -> Void) {
        var rows = rows
        change(&rows)
        let report = Self.verify(Self.chained(rows))
        #expect(report.findings.contains { $0.rule == rule }, "\(rule): \(report.findings)")
      }
      func shift(_ row: inout JSONObject, _ name: String, _ by: Duration) {
        guard let instant = row[name]?.stringValue.flatMap(Instant.init(rfc3339:)) else { return }
        row[name] = JSONValue((instant + by).rfc3339)
      }
      broken("hours") { rows in
        for name in ["granted", "expires", "placed", "ended"] { shift(&rows[permit], name, .hours(12)) }
      }
      broken("permit_life") { shift(&$0[permit], "expires", .seconds(301)) }
      broken("placed") { shift(&$0[permit], "placed", .minutes(6)) }
      broken("placed") { shift(&$0[permit], "placed", .seconds(-2)) }
      broken("call_id") { $0[permit]["call"] = JSONValue(CallID.random().description) }
      broken("attempts") { $0[permit]["attempt"] = 9 }
      broken("caller_id") { $0[permit]["from"] = "+15005550009" }
      broken("version") { $0[permit]["version"] = 2 }
      broken("lead") { $0[permit]["to"] = "+12125559999" }
      broken("evidence") { $0[permit]["evidence"] = [] }
      broken("version") { $0[version]["state"] = "paused" }
      broken("calls_per_day") { $0[version].set("maxCallsPerDay", 1) }
      broken("calls_per_minute") { $0[version].set("maxCallsPerMinute", 1) }
      broken("consent") { $0[version].set("requiredConsent", "CONSENT_LEVEL_EXPRESS") }
      broken("lead_expiry") { $0[version].set("leadExpiry", "0.5s") }
      broken("schedule") { $0[version].set("endsAt", JSONValue(Dialers.monday.rfc3339)) }
      broken("lead_expiry") { $0[lead]["notAfter"] = JSONValue(granted.rfc3339) }
      broken("trailer") { $0.remove(at: $0.count - 2) }
      broken("do_not_call") { rows in
        rows.insert(
          [
            "kind": "do_not_call", "number": rows[permit]["to"] ?? "", "scope": "tenant", "source": "api",
            "added": JSONValue((granted - .seconds(1)).rfc3339),
          ], at: version + 1)
      }
    }
  }
}

extension JSONObject {
  fileprivate mutating func set(_ field: String, _ value: JSONValue) {
    var policy = self["policy"]?.objectValue ?? [:]
    policy[field] = value
    self["policy"] = .object(policy)
  }
}
