import CampaignTerms
import Core
import RPC
import RingmasterMessages
import RingmasterServices
import Telephony
import Wire

/// The dialer's RPC surface: reads only. What is dialed follows from the facts alone.
struct AutoDialerService: DialerServiceHandler {
  let store: DialStore
  let clock: any BusinessClock

  func getAttempt(_ request: GetAttemptRequest, context: CallContext) async throws -> Attempt {
    let call = try RequestField.id(CallEntity.self, request.callId, "call_id")
    guard let attempt = try await store.attempt(call, tenant: context.tenantID()) else {
      throw RPCError(.notFound, "no attempt has the id \(call)")
    }
    return Attempt(attempt)
  }

  func listAttempts(_ request: ListAttemptsRequest, context: CallContext) async throws -> ListAttemptsResponse {
    let campaign = try RequestField.id(CampaignEntity.self, request.campaignId, "campaign_id")
    let lead = request.leadId.isEmpty ? nil : try RequestField.id(LeadEntity.self, request.leadId, "lead_id")
    let page = try Page(request.page)
    var response = ListAttemptsResponse()
    if let lead {
      let attempts = try await store.attempts(at: lead, of: campaign, tenant: context.tenantID())
      response.attempts = attempts.map { Attempt($0) }
      return response
    }
    guard let place = page.cursor.isEmpty ? .beginning : AttemptCursor(page.cursor) else {
      throw RPCError(.invalidArgument, "page.cursor: not one that an answer gave")
    }
    let attempts = try await store.attempts(of: campaign, tenant: context.tenantID(), after: place, limit: page.limit)
    response.attempts = attempts.map { Attempt($0) }
    if attempts.count == page.limit, let last = attempts.last, let lead = LeadID(last.permit.leadId) {
      response.nextCursor = AttemptCursor(lead: lead, number: Int(last.permit.attemptNumber)).description
    }
    return response
  }

  func getQueue(_ request: GetQueueRequest, context: CallContext) async throws -> QueueStatus {
    let campaign = try RequestField.id(CampaignEntity.self, request.campaignId, "campaign_id")
    return try await store.queueStatus(of: campaign, tenant: context.tenantID(), now: clock.now())
  }
}

/// Where a page of a campaign's attempts ends. Travels as text.
struct AttemptCursor: Hashable, Sendable, LosslessStringConvertible {
  var lead: LeadID
  var number: Int

  static let beginning = AttemptCursor(lead: LeadID(UniqueID(high: 0, low: 0)), number: 0)

  init(lead: LeadID, number: Int) { (self.lead, self.number) = (lead, number) }

  init?(_ text: String) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 2, let lead = LeadID(String(parts[0])), let number = Int(parts[1]) else { return nil }
    self.init(lead: lead, number: number)
  }

  var description: String { "\(lead).\(number)" }
}

extension Attempt {
  init(_ stored: DialStore.StoredAttempt) {
    self.init()
    permit = stored.permit
    outcome = stored.outcome?.wire ?? .unspecified
    endedAt = stored.endedAt.map(Timestamp.init)
    state =
      switch stored.state {
      case "permitted": .permitted
      case "placed": .placed
      case "dial_unknown": .dialUnknown
      case "ended": .ended
      case "withdrawn": .withdrawn
      default: .unspecified
      }
  }
}
