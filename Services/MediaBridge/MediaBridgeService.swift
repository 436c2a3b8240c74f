import CampaignTerms
import Core
import RPC
import RingmasterMessages
import RingmasterServices
import Wire

/// The bridge's RPC surface.
struct MediaBridgeService: MediaServiceHandler {
  let control: CallControl
  let calls: LiveCalls

  /// Places the call, once. What can be said for sure is said; a call that the provider takes only later is UNAVAILABLE
  /// until it is placed or its permit has run out.
  func placeCall(_ request: PlaceCallRequest, context: CallContext) async throws -> MediaCall {
    let tenant = try context.tenantID()
    let permit = try PermitTerms(request)
    if let known = try await control.store.call(permit.call, tenant: tenant) { return try answer(known) }
    let now = control.clock.now()
    guard now < permit.expiresAt else {
      return try await withdraw(permit.order(tenant: tenant, script: nil), for: .permitExpired, now: now)
    }
    let order = permit.order(tenant: tenant, script: try permit.script())
    guard let provider = control.provider(order.provider) else {
      throw RPCError(.invalidArgument, "provider: \"\(order.provider)\" is not one of this bridge's: twilio")
    }
    let isReserved: Bool
    do {
      isReserved = try calls.reserve(order.call)
    } catch .full {
      throw RPCError(.resourceExhausted, "every media slot of this instance is taken")
    } catch .draining {
      throw RPCError(.unavailable, "this instance is shutting down")
    }
    let since = ContinuousClock.now
    do {
      guard
        try await control.store.insert(
          order, now: now, deadline: control.deadlines.unplaced(expiresAt: order.expiresAt))
      else {
        if isReserved { calls.release(order.call) }
        if let known = try await control.store.call(order.call, tenant: tenant) { return try answer(known) }
        return try await withdraw(order, for: .numberInUse, now: now)
      }
    } catch {
      if isReserved { calls.release(order.call) }
      throw error
    }
    // The caller may give up waiting; the call is placed and its fate written down all the same.
    await control.tasks.spawn(id: "place") { await place(order, with: provider, since: since) }.wait()
    return try await answer(order.call, tenant)
  }

  private func place(
    _ order: CallOrder, with provider: any TelephonyProvider, since: ContinuousClock.Instant
  ) async {
    do {
      guard let applied = try await control.place(order, with: provider, since: since) else { return }
      if applied.call.record.placement == .placed, !applied.call.record.state.isTerminal {
        _ = calls.open(applied.call, script: order.script)
      } else {
        calls.release(order.call)
      }
    } catch {
      // The row says that the provider was asked; it is looked up when the request has settled.
      calls.release(order.call)
    }
  }

  func getMediaCall(_ request: CallReference, context: CallContext) async throws -> MediaCall {
    let call = try RequestField.id(CallEntity.self, request.callId, "call_id")
    guard let stored = try await control.store.call(call, tenant: context.tenantID()) else { throw Self.unknown(call) }
    return MediaCall(stored)
  }

  func hangUp(_ request: CallReference, context: CallContext) async throws -> MediaCall {
    let call = try RequestField.id(CallEntity.self, request.callId, "call_id")
    guard try await control.store.call(call, tenant: context.tenantID()) != nil,
      let applied = try await control.report(.end(.requested), of: call)
    else { throw Self.unknown(call) }
    if applied.call.record.state.isTerminal { calls.release(call) }
    return MediaCall(applied.call)
  }

  /// Sees to it that a call never is placed. One that is here already is answered for instead.
  private func withdraw(_ order: CallOrder, for reason: CallReport, now: Instant) async throws -> MediaCall {
    _ = try await control.store.insertWithdrawn(order, for: reason, now: now)
    return try await answer(order.call, order.tenant)
  }

  private func answer(_ call: CallID, _ tenant: TenantID) async throws -> MediaCall {
    guard let stored = try await control.store.call(call, tenant: tenant) else {
      // Another call has the same campaign, lead and attempt number.
      throw RPCError(.alreadyExists, "permit.attempt_number: this attempt has been made under another call_id")
    }
    return try answer(stored)
  }

  private func answer(_ call: StoredCall) throws -> MediaCall {
    if call.record.isWithdrawn { throw withdrawal(of: call) }
    switch call.record.placement {
    case .waiting:
      throw RPCError(
        .unavailable,
        "the provider takes no call now (\(call.record.failure ?? "")); asked again while the permit lives")
    case .asking:
      throw RPCError(.unavailable, "the provider is being asked; ask again")
    case .unsure, .placed, .ended:
      return MediaCall(call)
    }
  }

  private func withdrawal(of call: StoredCall) -> RPCError {
    switch call.record.failure {
    case CallFailure.throttled:
      RPCError(
        .resourceExhausted, "the provider takes no more calls for a while; this one was not placed and never will be",
        retryAfter: control.pause(of: call.provider))
    case CallFailure.numberInUse:
      RPCError(
        .aborted, "another call to the number is under way; this one was not placed and never will be",
        retryAfter: Self.numberPause)
    default:
      RPCError(.failedPrecondition, "the permit ran out before the provider was asked; the call never will be placed")
    }
  }

  /// After which another call to a number that is in use may be tried: about as long as a short call takes.
  private static let numberPause = Duration.seconds(60)

  private static func unknown(_ call: CallID) -> RPCError {
    RPCError(.notFound, "no call has the id \(call)")
  }
}
