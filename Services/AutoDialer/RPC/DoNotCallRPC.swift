import CampaignTerms
import Core
import RPC
import RingmasterMessages
import RingmasterServices
import Telephony
import Wire

/// The RPC surface of the do-not-call lists.
///
/// A tenant's API keys reach its own lists. The global list is the platform's: only calls whose actor is one of
/// `platformActors` change or list it, and the gateway, which speaks for API keys, never uses these names.
struct DoNotCallRPC: DoNotCallServiceHandler {
  let store: DialStore
  let clock: any BusinessClock

  /// The command line on the platform's own sockets, and services that act for the platform.
  private static let platformActors: Set<String> = ["cli", "platform"]
  private static let largestBatch = 5_000
  private static let longestText = 200

  func addDoNotCall(
    _ request: AddDoNotCallRequest, context: CallContext
  ) async throws -> RingmasterMessages.DoNotCallEntry {
    let list = try list(request.scope, request.campaignId, context)
    let number = try Self.number(request.number, region: request.defaultRegion)
    let reason = try Self.text(request.reason, "reason")
    let entry = try await store.addDoNotCall(
      .init(number: number, reason: reason), to: list, source: .api, actor: context.actor, now: clock.now())
    return .init(entry)
  }

  func removeDoNotCall(
    _ request: RemoveDoNotCallRequest, context: CallContext
  ) async throws -> RingmasterMessages.DoNotCallEntry {
    let list = try list(request.scope, request.campaignId, context)
    let number = try Self.number(request.number, region: request.defaultRegion)
    let removed = try await store.removeDoNotCall(number, from: list, actor: context.actor, now: clock.now())
    guard let removed else { throw RPCError(.notFound, "the number is not on the \(list.scope.name) list") }
    return .init(removed)
  }

  func checkDoNotCall(_ request: CheckDoNotCallRequest, context: CallContext) async throws -> CheckDoNotCallResponse {
    let tenant = try context.tenantID()
    let campaign = request.campaignId.isEmpty ? nil : try Self.campaign(request.campaignId)
    var response = CheckDoNotCallResponse()
    response.number = try Self.number(request.number, region: request.defaultRegion)
    let found = try await store.doNotCall(
      [response.number], tenant: tenant, campaign: campaign, at: request.at?.instant)
    guard let entry = found[response.number] else { return response }
    response.forbidden = true
    response.entry = .init(entry)
    if entry.scope == .global, !Self.isPlatform(context) {
      response.entry?.reason = ""
      response.entry?.actor = ""
    }
    return response
  }

  func listDoNotCall(_ request: ListDoNotCallRequest, context: CallContext) async throws -> ListDoNotCallResponse {
    // Without a scope the tenant's entries and those of its campaigns are listed together.
    let list = try list(request.scope, request.campaignId, context)
    let page = try Page(request.page)
    let rows = try await store.doNotCallPage(
      tenant: list.tenant, campaign: request.scope == .unspecified ? nil : list.campaign,
      includingRemoved: request.includeRemoved, after: try DialStore.DoNotCallPosition(cursor: page.cursor),
      limit: page.limit)
    var response = ListDoNotCallResponse()
    response.entries = rows.map { .init($0.entry) }
    if rows.count == page.limit { response.nextCursor = rows.last?.position.cursor ?? "" }
    return response
  }

  func openDoNotCallImport(
    _ request: OpenDoNotCallImportRequest, context: CallContext
  ) async throws -> OpenDoNotCallImportResponse {
    let source: DoNotCallEntry.Source =
      switch request.source {
      case .unspecified, .import: .import
      case .wash: .wash
      case .optOut, .api, .unrecognized:
        throw RPCError(.invalidArgument, "source: an upload is IMPORT or WASH")
      }
    let upload = DialStore.DoNotCallUpload(
      list: try list(request.scope, request.campaignId, context), fileName: String(request.fileName.prefix(255)),
      source: source, reason: try Self.text(request.reason, "reason"),
      defaultRegion: try Self.region(request.defaultRegion),
      actor: context.actor)
    var response = OpenDoNotCallImportResponse()
    response.importId = try await store.openDoNotCallImport(upload, tenant: context.tenantID(), now: clock.now())
      .description
    return response
  }

  func importDoNotCall(_ request: ImportDoNotCallRequest, context: CallContext) async throws -> ImportDoNotCallResponse
  {
    let id = try RequestField.id(ImportEntity.self, request.importId, "import_id")
    guard request.batch > 0 else { throw RPCError(.invalidArgument, "batch: must be 1 or more") }
    guard request.rows.count + request.refused.count <= Self.largestBatch else {
      throw RPCError(.invalidArgument, "rows: at most \(Self.largestBatch) rows in one batch")
    }
    let counts = try await store.importDoNotCall(
      request.rows.map { .init(line: $0.line, number: $0.number, reason: String($0.reason.prefix(Self.longestText))) },
      refused: request.refused.map { .init(line: $0.line, message: String($0.message.prefix(Self.longestText))) },
      batch: Int(request.batch), of: id, tenant: context.tenantID(), now: clock.now())
    var response = ImportDoNotCallResponse()
    (response.added, response.known) = (Int32(counts.added), Int32(counts.known))
    response.refused = Int32(counts.refused)
    return response
  }

  func closeDoNotCallImport(
    _ request: CloseDoNotCallImportRequest, context: CallContext
  ) async throws -> DoNotCallImportSummary {
    let id = try RequestField.id(ImportEntity.self, request.importId, "import_id")
    let summary = try await store.closeDoNotCallImport(id, complete: request.complete, tenant: context.tenantID())
    return DoNotCallImportSummary(id, summary)
  }

  // MARK: Fields

  private func list(_ scope: DoNotCallScope, _ campaign: String, _ context: CallContext) throws -> DoNotCallList {
    let tenant = try context.tenantID()
    guard tenant != DoNotCallList.everybody else {
      throw RPCError(.unauthenticated, "the call names no tenant; set the envelope's tenant")
    }
    guard campaign.isEmpty || scope == .campaign else {
      throw RPCError(.invalidArgument, "campaign_id: goes with the scope CAMPAIGN only")
    }
    switch scope {
    case .unspecified, .tenant:
      return .of(tenant)
    case .campaign:
      return DoNotCallList(tenant: tenant, campaign: try Self.campaign(campaign))
    case .global:
      guard Self.isPlatform(context) else {
        throw RPCError(
          .permissionDenied,
          "scope: the global list is the platform's; use \"ringmaster rpc\" on auto-dialer's endpoint")
      }
      return .global
    case .unrecognized(let value):
      throw RPCError(.invalidArgument, "scope: \(value) is not known")
    }
  }

  private static func isPlatform(_ context: CallContext) -> Bool { platformActors.contains(context.actor) }

  private static func campaign(_ text: String) throws -> CampaignID {
    let campaign = try RequestField.id(CampaignEntity.self, text, "campaign_id")
    guard campaign != DoNotCallList.allCampaigns else {
      throw RPCError(.invalidArgument, "campaign_id: no campaign has an id of zeros")
    }
    return campaign
  }

  private static func number(_ text: String, region: String) throws -> String {
    let region = try Self.region(region)
    do {
      return try PhoneNumber.parse(text, defaultRegion: region).e164
    } catch {
      throw RPCError(.invalidArgument, "number: \(error)")
    }
  }

  private static func region(_ text: String) throws -> String? {
    guard text.isEmpty || text.utf8.count == 2 else {
      throw RPCError(.invalidArgument, "default_region: \"\(text.prefix(20))\" is no region; regions look like AU")
    }
    return text.isEmpty ? nil : text
  }

  private static func text(_ text: String, _ field: String) throws -> String {
    guard text.count <= longestText else {
      throw RPCError(.invalidArgument, "\(field): is longer than \(longestText) characters")
    }
    return text
  }
}

extension DialStore.DoNotCallPosition {
  var cursor: String { "\(number).\(campaign).\(entry)" }

  /// - Parameter cursor: As a previous answer gave it; empty for the start of the list.
  init(cursor: String) throws(RPCError) {
    self.init()
    if cursor.isEmpty { return }
    let parts = cursor.split(separator: ".")
    guard parts.count == 3, let campaign = CampaignID(String(parts[1])), let entry = Int64(parts[2]) else {
      throw RPCError(.invalidArgument, "page.cursor: \"\(cursor.prefix(80))\" did not come from this list")
    }
    (number, self.campaign, self.entry) = (String(parts[0]), campaign, entry)
  }
}

extension RingmasterMessages.DoNotCallEntry {
  init(_ entry: DoNotCallEntry) {
    self.init()
    number = entry.number
    switch entry.scope {
    case .global: scope = .global
    case .tenant: scope = .tenant
    case .campaign(let campaign): (scope, campaignId) = (.campaign, campaign.description)
    }
    source =
      switch entry.source {
      case .import: .import
      case .optOut: .optOut
      case .api: .api
      case .wash: .wash
      }
    reason = entry.reason
    actor = entry.actor
    addedAt = Timestamp(entry.addedAt)
    removedAt = entry.removedAt.map(Timestamp.init)
  }
}

extension DoNotCallImportSummary {
  init(_ id: ImportID, _ summary: DialStore.DoNotCallSummary) {
    self.init()
    importId = id.description
    fileName = summary.fileName
    rows = Int64(summary.counts.rows)
    added = Int64(summary.counts.added)
    known = Int64(summary.counts.known)
    refused = Int64(summary.counts.refused)
    complete = summary.isComplete
    problems = summary.problems.map { problem in
      var wire = DoNotCallProblem()
      (wire.line, wire.message) = (problem.line, problem.message)
      return wire
    }
  }
}
