import Core
import Postgres
import RPC
import RingmasterMessages
import Testing
import Wire

@testable import AutoDialer

/// The lists through their RPC surface, on a real database.
@Suite struct DoNotCallListTests {
  private let clock = ManualClock(Dialers.monday)
  private let tenant = CallContext(tenant: TenantID.standard.description, actor: "api:default")
  private let other = CallContext(tenant: TenantID(UniqueID.derived(from: "other")).description, actor: "api:other")
  private let platform = CallContext(tenant: TenantID.standard.description, actor: "cli")
  private let campaign = CampaignID.random().description
  private let number = "+12125550123"

  private func with(_ body: (DoNotCallRPC, Dialers) async throws -> Void) async throws {
    try await Dialers.with { dialers in
      try await body(DoNotCallRPC(store: dialers.store, clock: clock), dialers)
    }
  }

  private func addition(
    _ number: String, _ scope: DoNotCallScope = .unspecified, campaign: String = ""
  ) -> AddDoNotCallRequest {
    AddDoNotCallRequest(number: number, scope: scope, campaignId: campaign, reason: "asked by mail")
  }

  private func check(
    _ rpc: DoNotCallRPC, _ context: CallContext, campaign: String = "", at: Instant? = nil
  ) async throws -> DoNotCallScope? {
    let answer = try await rpc.checkDoNotCall(
      CheckDoNotCallRequest(number: number, campaignId: campaign, at: at.map(Timestamp.init)), context: context)
    return answer.forbidden ? answer.entry?.scope : nil
  }

  private func code(_ body: () async throws -> Void) async -> RPCCode? {
    do {
      try await body()
      return nil
    } catch {
      return (error as? RPCError)?.code
    }
  }

  @Test func eachListReachesAsFarAsItsScope() async throws {
    try await with { rpc, _ in
      #expect(try await check(rpc, tenant) == nil)
      _ = try await rpc.addDoNotCall(addition(number, .campaign, campaign: campaign), context: tenant)
      #expect(try await check(rpc, tenant) == nil)
      #expect(try await check(rpc, tenant, campaign: campaign) == .campaign)
      #expect(try await check(rpc, tenant, campaign: CampaignID.random().description) == nil)
      #expect(try await check(rpc, other, campaign: campaign) == nil)
      _ = try await rpc.addDoNotCall(addition(" (212) 555-0123 ".withRegion, .tenant), context: tenant)
      #expect(try await check(rpc, tenant, campaign: campaign) == .tenant)
      #expect(try await check(rpc, other) == nil)
      _ = try await rpc.addDoNotCall(addition(number, .global), context: platform)
      #expect(try await check(rpc, other) == .global)
      #expect(try await check(rpc, tenant, campaign: campaign) == .global)
    }
  }

  @Test func theGlobalListIsThePlatforms() async throws {
    try await with { rpc, _ in
      for context in [
        tenant, other, CallContext(tenant: tenant.tenant), CallContext(tenant: tenant.tenant, actor: "CLI"),
      ] {
        #expect(
          await code { _ = try await rpc.addDoNotCall(addition(number, .global), context: context) }
            == .permissionDenied)
        #expect(
          await code { _ = try await rpc.openDoNotCallImport(.init(scope: .global), context: context) }
            == .permissionDenied)
        #expect(
          await code { _ = try await rpc.listDoNotCall(.init(scope: .global), context: context) } == .permissionDenied)
      }
      _ = try await rpc.addDoNotCall(addition(number, .global), context: platform)
      #expect(
        await code { _ = try await rpc.removeDoNotCall(.init(number: number, scope: .global), context: tenant) }
          == .permissionDenied)
      let seen = try await rpc.checkDoNotCall(.init(number: number), context: tenant)
      #expect(seen.entry?.scope == .global && seen.entry?.reason == "" && seen.entry?.actor == "")
      #expect(try await rpc.listDoNotCall(.init(), context: tenant).entries.isEmpty)
      // Nobody becomes the owner of the global list by naming its tenant.
      let nobody = CallContext(tenant: DoNotCallList.everybody.description, actor: "api:x")
      #expect(await code { _ = try await rpc.addDoNotCall(addition(number), context: nobody) } == .unauthenticated)
      #expect(
        await code { _ = try await rpc.listDoNotCall(.init(), context: nobody) } == .unauthenticated)
    }
  }

  @Test func thePastCanBeAskedFor() async throws {
    try await with { rpc, _ in
      let added = try await rpc.addDoNotCall(addition(number), context: tenant)
      #expect(added.source == .api && added.actor == "api:default" && added.reason == "asked by mail")
      clock.advance(by: .hours(1))
      #expect(try await rpc.addDoNotCall(addition(number), context: tenant) == added)
      let removed = try await rpc.removeDoNotCall(.init(number: number), context: tenant)
      #expect(removed.removedAt?.instant == Dialers.monday + .hours(1))
      #expect(await code { _ = try await rpc.removeDoNotCall(.init(number: number), context: tenant) } == .notFound)
      #expect(try await check(rpc, tenant) == nil)
      // Off and on again at the same instant.
      _ = try await rpc.addDoNotCall(addition(number), context: tenant)
      _ = try await rpc.removeDoNotCall(.init(number: number), context: tenant)
      _ = try await rpc.addDoNotCall(addition(number), context: tenant)
      #expect(try await check(rpc, tenant) == .tenant)
      clock.advance(by: .hours(1))
      _ = try await rpc.removeDoNotCall(.init(number: number), context: tenant)
      for (minutes, scope) in [(-1, nil), (0, .tenant), (59, .tenant), (60, .tenant), (119, .tenant), (120, nil)]
        as [(Int, DoNotCallScope?)]
      {
        #expect(try await check(rpc, tenant, at: Dialers.monday + .minutes(minutes)) == scope)
      }
      let all = try await rpc.listDoNotCall(.init(includeRemoved: true), context: tenant)
      #expect(all.entries.count == 3 && !all.entries.contains { $0.removedAt == nil })
      #expect(try await rpc.listDoNotCall(.init(), context: tenant).entries.isEmpty)
    }
  }

  @Test func aListComesInPages() async throws {
    try await with { rpc, _ in
      for last in 100..<125 { _ = try await rpc.addDoNotCall(addition("+12125550\(last)"), context: tenant) }
      _ = try await rpc.addDoNotCall(addition("+12125550105", .campaign, campaign: campaign), context: tenant)
      var seen: [String] = []
      var request = ListDoNotCallRequest(page: PageRequest(limit: 7))
      repeat {
        let page = try await rpc.listDoNotCall(request, context: tenant)
        seen += page.entries.map { "\($0.number) \($0.campaignId)" }
        request.page?.cursor = page.nextCursor
      } while request.page?.cursor.isEmpty == false
      #expect(seen.count == 26 && Set(seen).count == 26 && seen == seen.sorted())
      let own = try await rpc.listDoNotCall(.init(scope: .campaign, campaignId: campaign), context: tenant)
      #expect(own.entries.map(\.number) == ["+12125550105"])
      #expect(
        await code { _ = try await rpc.listDoNotCall(.init(page: PageRequest(cursor: "x")), context: tenant) }
          == .invalidArgument)
    }
  }

  @Test func faultsAreNamed() async throws {
    try await with { rpc, _ in
      let bad: [AddDoNotCallRequest] = [
        addition("212 555 0123"), addition("nonsense"), addition(number, .campaign),
        addition(number, .campaign, campaign: "x"), addition(number, .tenant, campaign: campaign),
        addition(number, .campaign, campaign: DoNotCallList.allCampaigns.description),
        addition(number, .unrecognized(77)),
      ]
      for request in bad {
        #expect(await code { _ = try await rpc.addDoNotCall(request, context: tenant) } == .invalidArgument)
      }
      #expect(
        await code { _ = try await rpc.addDoNotCall(addition(number), context: CallContext()) } == .unauthenticated)
    }
  }
}

extension String {
  /// The test's number as people in another country write it.
  fileprivate var withRegion: String { "+1" + self }
}
