import CampaignTerms
import Core
import RPC
import RingmasterMessages
import RingmasterServices

/// The RPC surface of kb-generator.
struct KnowledgeService: KnowledgeServiceHandler {
  let store: BriefStore
  let clock: any BusinessClock

  func buildCallBrief(_ request: BuildCallBriefRequest, context: CallContext) async throws -> CallBrief {
    let tenant = try context.tenantID()
    let call = try RequestField.id(CallEntity.self, request.callId, "call_id")
    guard let policy = request.policy else { throw RPCError(.invalidArgument, "policy is missing") }
    guard let lead = request.lead else { throw RPCError(.invalidArgument, "lead is missing") }
    let leadID = try RequestField.id(LeadEntity.self, lead.leadId, "lead.lead_id")
    let campaign = try RequestField.id(CampaignEntity.self, lead.campaignId, "lead.campaign_id")
    guard request.attemptNumber > 0 else {
      throw RPCError(.invalidArgument, "attempt_number: \(request.attemptNumber) is not 1 or more")
    }
    if let known = try await store.brief(of: call, tenant: tenant) { return known }
    let template = BriefTemplate(CallSubject(policy: policy, lead: lead, attemptNumber: Int(request.attemptNumber)))
    return try await store.keep(
      CallBrief(template, call: call), for: request, call: call, campaign: campaign, lead: leadID, tenant: tenant,
      now: clock.now())
  }

  func getCallBrief(_ request: CallReference, context: CallContext) async throws -> CallBrief {
    let call = try RequestField.id(CallEntity.self, request.callId, "call_id")
    guard let brief = try await store.brief(of: call, tenant: context.tenantID()) else {
      throw RPCError(.notFound, "no brief was made for the call \(call)")
    }
    return brief
  }
}

extension CallSubject {
  init(policy: CampaignPolicy, lead: Lead, attemptNumber: Int) {
    let purpose: Purpose =
      switch policy.callType {
      case .confirmAppointment: .confirmAppointment
      case .followUp: .followUp
      case .consumerCallback: .consumerCallback
      case .qualifyLead, .unspecified, .unrecognized: .qualifyLead
      }
    var fields: [String] = []
    for criterion in policy.criteria.sorted(by: { $0.weight > $1.weight }) where !fields.contains(criterion.field) {
      fields.append(criterion.field)
    }
    self.init(
      purpose: purpose, agentName: policy.agentName, businessName: policy.businessName,
      scriptGuidance: policy.scriptGuidance, fields: fields, disclosesRecording: policy.discloseRecording,
      voicemail: policy.leaveVoicemail ? policy.voicemailScript : nil, firstName: lead.firstName,
      lastName: lead.lastName, company: lead.company,
      attributes: lead.attributes.sorted { $0.key < $1.key }.map { Attribute(name: $0.key, value: $0.value) },
      attemptNumber: attemptNumber)
  }
}

extension CallBrief {
  init(_ template: BriefTemplate, call: CallID) {
    self.init()
    callId = call.description
    instructions = template.instructions
    greeting = template.greeting
    voicemailScript = template.voicemailScript
    method = BriefTemplate.method
    var base = KnowledgeBase()
    base.leadSummary = template.leadSummary
    base.companyContext = template.companyContext
    base.painPoints = template.painPoints
    base.talkingPoints = template.talkingPoints
    base.goal = template.goal
    base.objectionHandlers = template.objections.map {
      var handler = ObjectionHandler()
      handler.objection = $0.objection
      handler.answer = $0.answer
      return handler
    }
    knowledge = base
  }
}
