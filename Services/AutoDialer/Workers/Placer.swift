import Core
import Logging
import Metrics
import RPC
import RingmasterMessages
import RingmasterServices
import Telephony
import Wire

/// Carries permitted attempts to the bridge and finds out what became of those that nobody reported on. It asks with the
/// same permit as often as it must: the bridge places a permit's call once at most.
struct Placer: Sendable {
  let store: DialStore
  let knowledge: KnowledgeServiceClient
  let media: MediaServiceClient
  let clock: any BusinessClock
  let logger: Logger
  let placed: PlacedCalls
  let looks: LastLooks

  /// How long the bridge may take to answer; the provider is asked meanwhile.
  private static let placeDeadline = Duration.seconds(15)
  private static let briefDeadline = Duration.seconds(5)
  /// How long a call may ring, and what is added to every wait for the delays of events.
  private static let ringing = Duration.seconds(120)
  private static let slackSeconds = 15.0
  /// How long nothing is claimed after all media slots were taken.
  private static let slotPause = Duration.seconds(2)
  /// How long a lead waits whose number is on another call, when the bridge does not say.
  private static let numberPause = Duration.seconds(60)

  /// What the bridge said of a permit.
  private enum Answer {
    case has(MediaCall)
    /// It was never placed and never will be.
    case never
    /// As `never`: the provider takes no more calls from anybody for so long.
    case throttled(Duration)
    /// As `never`: another call to the number is under way, and this one may be tried again after so long.
    case numberInUse(Duration)
    /// Every media slot is taken; asking again may place it.
    case noAgent(any Error)
    case unsure(any Error)
  }

  /// How long a slot or a placed call may go without news, in seconds of real time.
  func quietSeconds(_ maxCallDuration: Duration) -> Double {
    clock.realDuration(of: maxCallDuration + Self.ringing).inSeconds + Self.slackSeconds
  }

  /// How long the slot of an attempt is kept that was just permitted: its permit may be used late, by a bridge that was
  /// away or a provider that took no calls, and the call still needs its slot then.
  func slotSeconds(_ maxCallDuration: Duration) -> Double {
    quietSeconds(maxCallDuration + DialDecision.permitLife)
  }

  /// Places an attempt that was just claimed.
  func place(_ attempt: DialStore.ClaimedAttempt, of campaign: DialStore.KnownCampaign) async {
    await settle(attempt.call, permit: attempt.permit, lead: attempt.lead, campaign: campaign, looks: 0)
  }

  /// Looks at an attempt that nobody has settled by its time.
  func settle(_ attempt: DialStore.UnsettledAttempt) async {
    do {
      guard let campaign = try await store.campaign(attempt.campaign, tenant: attempt.tenant),
        let leadID = LeadID(attempt.permit.leadId),
        let lead = try await store.lead(leadID, of: attempt.campaign, tenant: attempt.tenant)
      else {
        logger.error("an attempt has no campaign or lead", [LogField("call_id", attempt.call)])
        return
      }
      if attempt.state == "placed", try await followUp(attempt, campaign: campaign) { return }
      await settle(attempt.call, permit: attempt.permit, lead: lead, campaign: campaign, looks: attempt.looks)
    } catch {
      logger.warning(
        "an attempt could not be looked at; it will be again", [LogField("call_id", attempt.call), .error(error)])
    }
  }

  /// A placed call that was quiet for long: true when the bridge knows it, and then its slot is kept while it lives.
  private func followUp(_ attempt: DialStore.UnsettledAttempt, campaign: DialStore.KnownCampaign) async throws -> Bool {
    var request = CallReference()
    request.callId = attempt.call.description
    do {
      let call = try await media.getMediaCall(
        request, options: options(attempt.tenant, attempt.call, Self.briefDeadline))
      try await markPlaced(attempt.call, campaign: campaign)
      if call.endedAt == nil {
        try await store.renewSlot(
          attempt.call, tenant: attempt.tenant, seconds: quietSeconds(campaign.policy.callDuration))
      }
      return true
    } catch let error as RPCError where error.code == .notFound {
      return false
    }
  }

  private func settle(
    _ call: CallID, permit: DialPermit, lead: Lead, campaign: DialStore.KnownCampaign, looks: Int
  ) async {
    let tenant = campaign.rules.tenant
    do {
      switch await ask(call, permit: permit, lead: lead, campaign: campaign) {
      case .has:
        try await markPlaced(call, campaign: campaign)
      case .never:
        try await store.withdraw(call, tenant: tenant, now: clock.now())
        logger.info("an attempt never left and was withdrawn", [LogField("call_id", call)])
      case .throttled(let pause):
        try await hold(campaign, for: pause, .providerThrottled)
        try await store.withdraw(call, tenant: tenant, now: clock.now())
        logger.warning("the provider takes no more calls for a while", [LogField("seconds", pause.inSeconds)])
      case .numberInUse(let pause):
        try await store.withdraw(call, tenant: tenant, now: clock.now(), pause: pause)
        logger.info("a number is on another call; its lead waits", [LogField("call_id", call)])
      case .noAgent(let error):
        try await hold(campaign, for: Self.slotPause, .agentUnavailable)
        try await store.markUnknown(call, tenant: tenant, lookSeconds: Self.wait(looks))
        logger.warning("no agent is free for a call; asking again", [LogField("call_id", call), .error(error)])
      case .unsure(let error):
        try await store.markUnknown(call, tenant: tenant, lookSeconds: Self.wait(looks))
        logger.warning(
          "nobody knows whether a call was placed; it is looked up, not dialed again",
          [LogField("call_id", call), LogField("looks", looks), .error(error)])
      }
    } catch {
      // The attempt's row already says when it is looked at next.
      logger.warning("what became of an attempt could not be stored", [LogField("call_id", call), .error(error)])
    }
  }

  /// Nothing new is claimed for the provider meanwhile.
  private func hold(
    _ campaign: DialStore.KnownCampaign, for pause: Duration, _ reason: Blockage.Reason
  ) async throws {
    let now = clock.now()
    try await store.hold(
      campaign.rules.provider, tenant: campaign.rules.tenant, until: now + pause, reason: reason, now: now)
  }

  /// Seconds until an attempt in doubt is looked at again.
  private static func wait(_ looks: Int) -> Double { min(30, 0.5 * Double(1 << min(looks, 6))) }

  private func ask(
    _ call: CallID, permit: DialPermit, lead: Lead, campaign: DialStore.KnownCampaign
  ) async -> Answer {
    let tenant = campaign.rules.tenant
    var request = PlaceCallRequest()
    request.permit = permit
    request.provider = campaign.policy.provider
    request.voice = campaign.policy.voice
    request.maxDuration = ProtobufDuration(campaign.policy.callDuration)
    request.leaveVoicemail = campaign.policy.leaveVoicemail
    // Past its time a permit needs no brief: the bridge only says whether it ever placed the call.
    if let expiresAt = permit.expiresAt?.instant, clock.now() < expiresAt {
      do {
        request.brief = try await brief(call, permit: permit, lead: lead, campaign: campaign)
      } catch {
        return .unsure(error)  // Whatever its code: it says nothing about what the bridge did with the permit.
      }
    }
    do {
      guard try await !isForbidden(call, permit: permit, campaign: campaign.rules) else {
        return await takeBack(call, request, tenant: tenant)
      }
      return .has(try await media.placeCall(request, options: options(tenant, call, Self.placeDeadline)))
    } catch let error as RPCError where error.code == .failedPrecondition {
      return .never
    } catch let error as RPCError where error.code == .aborted {
      return .numberInUse(error.retryAfter ?? Self.numberPause)
    } catch let error as RPCError where error.code == .resourceExhausted {
      return error.retryAfter.map(Answer.throttled) ?? .noAgent(error)
    } catch {
      return .unsure(error)
    }
  }

  /// Whether the number came onto a do-not-call list since the call was permitted.
  private func isForbidden(_ call: CallID, permit: DialPermit, campaign: CampaignRules) async throws -> Bool {
    let entry = try await looks.ask(
      .init(tenant: campaign.tenant, campaign: campaign.campaign, number: permit.to))
    guard let entry else { return false }
    logger.info(
      "a number is not to be called any more; its attempt is taken back",
      [LogField("call_id", call), LogField("source", entry.source.rawValue)])
    return true
  }

  /// Has the bridge see to it that a call is never placed, unless it has left already. An attempt that was looked at
  /// before may be with the bridge, so that only the bridge can say.
  private func takeBack(_ call: CallID, _ request: PlaceCallRequest, tenant: TenantID) async -> Answer {
    var request = request
    request.brief = nil
    request.permit?.expiresAt = Timestamp(.init(microsecondsSince1970: 0))  // Whatever the bridge's clock says.
    do {
      return .has(try await media.placeCall(request, options: options(tenant, call, Self.placeDeadline)))
    } catch let error as RPCError where error.code == .failedPrecondition || error.code == .aborted {
      return .never
    } catch let error as RPCError where error.code == .unavailable {
      // The bridge holds it back for a provider that takes no call now.
      var reference = CallReference()
      reference.callId = call.description
      do {
        return .has(try await media.hangUp(reference, options: options(tenant, call, Self.placeDeadline)))
      } catch {
        return .unsure(error)
      }
    } catch {
      return .unsure(error)
    }
  }

  private func brief(
    _ call: CallID, permit: DialPermit, lead: Lead, campaign: DialStore.KnownCampaign
  ) async throws -> CallBrief {
    var request = BuildCallBriefRequest()
    request.callId = call.description
    request.policy = campaign.policy
    request.policyVersion = Int32(campaign.rules.policyVersion)
    request.lead = lead
    request.attemptNumber = permit.attemptNumber
    return try await knowledge.buildCallBrief(
      request, options: options(campaign.rules.tenant, call, Self.briefDeadline))
  }

  private func markPlaced(_ call: CallID, campaign: DialStore.KnownCampaign) async throws {
    try await placed.add(
      .init(
        call: call, tenant: campaign.rules.tenant, lookSeconds: quietSeconds(campaign.policy.callDuration)))
  }

  private func options(_ tenant: TenantID, _ call: CallID, _ deadline: Duration) -> CallOptions {
    CallOptions(
      deadline: deadline, tenant: tenant.description, actor: "auto-dialer", idempotencyKey: call.description)
  }
}
