import Core
import RPC
import RingmasterMessages
import Testing
import Wire

@testable import MediaBridge

/// Every way in which the provider may take or refuse a call.
@Suite(.serialized, .timeLimit(.minutes(3))) struct PlacingTests {
  @Test func askingTwicePlacesOnce() async throws {
    try await BridgeHarness.with { bridge in
      let request = bridge.request()
      let first = try await bridge.place(request)
      let second = try await bridge.place(request)
      #expect(first == second)
      #expect(first.state == .initiated)
      #expect(bridge.twilio.calls.count == 1)
      // Past its time the permit still tells how the call stands.
      bridge.clock.advance(by: .minutes(10))
      #expect(try await bridge.place(request).providerCallId == first.providerCallId)
    }
  }

  @Test func manyAskersAtOncePlaceOnce() async throws {
    try await BridgeHarness.with { bridge in
      let request = bridge.request()
      await withTaskGroup(of: Void.self) { group in
        for _ in 0..<20 { group.addTask { _ = try? await bridge.place(request) } }
      }
      #expect(bridge.twilio.calls.count == 1)
      #expect(bridge.app.calls.count == 1)
    }
  }

  @Test func anExpiredPermitIsNeverUsed() async throws {
    try await BridgeHarness.with { bridge in
      var request = bridge.request()
      request.brief = nil
      bridge.clock.advance(by: .seconds(120))
      for _ in 0..<2 {
        #expect(await bridge.failure { _ = try await bridge.place(request) } == .failedPrecondition)
      }
      let endings = try await bridge.endings()
      #expect(bridge.twilio.calls.isEmpty && endings.isEmpty)
    }
  }

  /// A process that is stopped between its commit and its request, and goes on when others may have given the call up.
  @Test func aRequestThatComesTooLateIsNotSent() async throws {
    try await BridgeHarness.with { bridge in
      let control = bridge.app.control
      let permit = try PermitTerms(bridge.request())
      let order = permit.order(tenant: .standard, script: try permit.script())
      let provider = try #require(control.provider("twilio"))
      let deadline = control.deadlines.unplaced(expiresAt: order.expiresAt)
      #expect(try await control.store.insert(order, now: bridge.clock.now(), deadline: deadline))
      let since = ContinuousClock.now - CallUpkeep.leaveLimit - .seconds(1)
      let late = try #require(try await control.place(order, with: provider, since: since))
      #expect(bridge.twilio.calls.isEmpty && late.call.record.placement == .waiting)
      // Nor is it when its permit has run out meanwhile.
      _ = try await control.report(.asking, of: order.call)
      bridge.clock.advance(by: .seconds(120))
      let expired = try #require(try await control.place(order, with: provider, since: .now))
      #expect(bridge.twilio.calls.isEmpty)
      try await control.placeAgain(expired.call)
      #expect(try await bridge.state(order.call)?.record.isWithdrawn == true)
    }
  }

  @Test func oneAttemptIsOneCall() async throws {
    try await BridgeHarness.with { bridge in
      let request = bridge.request()
      _ = try await bridge.place(request)
      var other = request
      other.permit?.callId = CallID.random().description
      #expect(await bridge.failure { _ = try await bridge.place(other) } == .alreadyExists)
      #expect(bridge.twilio.calls.count == 1)
      #expect(bridge.app.calls.count == 1)
    }
  }

  @Test func aRefusalIsTheEnd() async throws {
    try await BridgeHarness.with { bridge in
      bridge.twilio.will(.refuse(status: 400, code: 21211))
      let id = CallID.random()
      let call = try await bridge.place(bridge.request(id))
      #expect(call.state == .failed)
      #expect(call.failureReason == "21211")
      let (progress, ended) = try await bridge.story(of: id)
      #expect(progress.isEmpty)
      #expect(ended.facts.compactMap(\.kind) == [.failure("21211")])
      #expect(bridge.app.calls.count == 0)
    }
  }

  @Test func aBusyProviderIsAskedAgainWhileThePermitLives() async throws {
    try await BridgeHarness.with { bridge in
      bridge.twilio.will(.refuse(status: 400, code: 10004), .refuse(status: 400, code: 10004))
      let request = bridge.request()
      #expect(await bridge.failure { _ = try await bridge.place(request) } == .unavailable)
      // The tender comes round until the call's back-off is over, twice.
      while bridge.twilio.calls.isEmpty { _ = try await bridge.app.tender.round() }
      #expect(try await bridge.place(request).state == .initiated)
      #expect(bridge.twilio.calls.count == 1)
      #expect(bridge.app.calls.count == 1)
    }
  }

  @Test func aProviderThatSaysTooManyRequestsGetsNoMore() async throws {
    try await BridgeHarness.with { bridge in
      bridge.twilio.will(.refuse(status: 429, code: 20429))
      let request = bridge.request()
      for _ in 0..<2 {
        do {
          _ = try await bridge.place(request)
          Issue.record("it was placed")
        } catch let error as RPCError {
          #expect(error.code == .resourceExhausted && error.retryAfter == .seconds(7))
        }
      }
      _ = try await bridge.app.tender.round()
      #expect(bridge.twilio.calls.isEmpty && bridge.app.calls.count == 0)
      #expect(try await bridge.endings().isEmpty)
      _ = try await bridge.place(bridge.request())
      #expect(bridge.twilio.calls.count == 1)
    }
  }

  @Test func aCallThatTheProviderNeverTookGoesBack() async throws {
    try await BridgeHarness.with { bridge in
      bridge.twilio.will(.refuse(status: 400, code: 10004))
      let id = CallID.random()
      let request = bridge.request(id)
      _ = try? await bridge.place(request)
      bridge.clock.advance(by: .seconds(121))
      while try await bridge.state(id)?.record.isWithdrawn == false { _ = try await bridge.app.tender.round() }
      #expect(await bridge.failure { _ = try await bridge.place(request) } == .failedPrecondition)
      #expect(try await bridge.endings().isEmpty)
      #expect(bridge.app.calls.count == 0)
    }
  }

  @Test func aCallInDoubtIsFoundAtTheProvider() async throws {
    try await BridgeHarness.with { bridge in
      bridge.twilio.will(.acceptAndBreak)
      let id = CallID.random()
      #expect(try await bridge.place(bridge.request(id)).state == .pending)
      bridge.twilio.set("ringing", of: bridge.twilio.calls[0].sid)
      while try await bridge.state(id)?.record.placement != .placed { _ = try await bridge.app.tender.round() }
      #expect(try await bridge.state(id)?.record.state == .ringing)
      #expect(bridge.twilio.calls.count == 1)
    }
  }

  @Test func aCallInDoubtThatIsNowhereIsNeverAskedForAgain() async throws {
    try await BridgeHarness.with { bridge in
      bridge.twilio.will(.breakDown)
      let id = CallID.random()
      let request = bridge.request(id)
      #expect(try await bridge.place(request).state == .pending)
      let call = try #require(try await bridge.state(id))
      try await bridge.app.control.reconcile(call, hasSettled: false)
      #expect(try await bridge.state(id)?.record.placement == .unsure)
      try await bridge.app.control.reconcile(call, hasSettled: true)
      let (_, ended) = try await bridge.story(of: id)
      #expect(ended.facts.compactMap(\.kind) == [.failure("not_placed")])
      #expect(try await bridge.place(request).failureReason == "not_placed")
      #expect(bridge.twilio.calls.isEmpty)
    }
  }

  /// Somebody is rung up once at a time, whoever calls; and while a call is in doubt, one at the provider between the same
  /// two numbers is that one.
  @Test func aNumberThatIsOnACallIsNotCalled() async throws {
    try await BridgeHarness.with { bridge in
      let number = "+14155550123"
      bridge.twilio.will(.acceptAndBreak)
      _ = try await bridge.place(bridge.request(to: number))
      let (id, elsewhere) = (CallID.random(), BridgeHarness.context(of: TenantID.random()))
      let second = bridge.request(id, to: number)
      for _ in 0..<2 {
        do {
          _ = try await bridge.service.placeCall(second, context: elsewhere)
          Issue.record("it was placed")
        } catch let error as RPCError {
          #expect(error.code == .aborted && error.retryAfter == .seconds(60), "\(error)")
        }
      }
      #expect(bridge.twilio.calls.count == 1 && bridge.app.calls.count == 0)
      #expect(try await bridge.endings().isEmpty)
      try await bridge.twilio.report("no-answer", of: bridge.twilio.calls[0], sequence: 1, to: bridge.port)
      #expect(try await bridge.place(bridge.request(to: number)).state == .initiated)
      #expect(
        await bridge.failure { _ = try await bridge.service.placeCall(second, context: elsewhere) } == .aborted)
    }
  }

  /// All tenants call through one account.
  @Test func aCallOfAnotherTenantIsNotTakenForOneInDoubt() async throws {
    try await BridgeHarness.with { bridge in
      let number = "+14155550123"
      _ = try await bridge.service.placeCall(
        bridge.request(to: number), context: BridgeHarness.context(of: TenantID.random()))
      try await bridge.twilio.report("no-answer", of: bridge.twilio.calls[0], sequence: 1, to: bridge.port)
      bridge.twilio.will(.breakDown)
      let id = CallID.random()
      _ = try await bridge.place(bridge.request(id, to: number))
      let call = try #require(try await bridge.state(id))
      #expect(call.record.placement == .unsure)
      try await bridge.app.control.reconcile(call, hasSettled: true)
      #expect(try await bridge.state(id)?.record.failure == CallFailure.notPlaced)
    }
  }

  @Test func aStatusCallbackSettlesACallInDoubt() async throws {
    try await BridgeHarness.with { bridge in
      bridge.twilio.will(.acceptAndBreak)
      let id = CallID.random()
      _ = try await bridge.place(bridge.request(id))
      try await bridge.twilio.report("ringing", of: bridge.twilio.calls[0], sequence: 1, to: bridge.port)
      #expect(try await bridge.state(id)?.record.providerCallID?.text == bridge.twilio.calls[0].sid)
    }
  }

  @Test func aCallWhoseBridgeDiedWhileAskingIsLookedUp() async throws {
    try await BridgeHarness.with { bridge in
      let id = CallID.random()
      let order = try PermitTerms(bridge.request(id)).order(
        tenant: .standard, script: CallScript(instructions: "x", greeting: "x", voicemail: "", voice: ""))
      // Committed, and then nothing: the process died before or after its request.
      #expect(try await bridge.app.control.store.insert(order, now: bridge.clock.now(), deadline: .distantFuture))
      #expect(try await bridge.app.tender.round() == 0)  // It still counts as asking.
      let call = try #require(try await bridge.state(id))
      try await bridge.app.control.reconcile(call, hasSettled: true)
      let (_, ended) = try await bridge.story(of: id)
      #expect(ended.facts.compactMap(\.kind) == [.failure("not_placed")])
      #expect(bridge.twilio.calls.isEmpty)
    }
  }

  @Test func aCallThatWasGivenUpAndLivesIsHungUp() async throws {
    try await BridgeHarness.with { bridge in
      bridge.twilio.will(.acceptAndBreak)
      let id = CallID.random()
      _ = try await bridge.place(bridge.request(id))
      try await bridge.app.control.report(.notFound, of: id)
      let stray = bridge.twilio.calls[0]
      #expect(try await bridge.twilio.answer(stray, at: bridge.port).contains("<Response><Hangup/></Response>"))
      #expect(try await bridge.twilio.updates.next()?.sid == stray.sid)
      _ = try await bridge.story(of: id)
      #expect(try await bridge.endings() == [id.description: 1])
    }
  }

  @Test func noCallIsPlacedWithoutASlotForItsAgent() async throws {
    try await BridgeHarness.with(maxCalls: 1) { bridge in
      _ = try await bridge.place(bridge.request())
      #expect(await bridge.failure { _ = try await bridge.place(bridge.request()) } == .resourceExhausted)
      #expect(bridge.twilio.calls.count == 1)
      try await bridge.twilio.report("no-answer", of: bridge.twilio.calls[0], sequence: 2, to: bridge.port)
      _ = try await bridge.place(bridge.request())
      #expect(bridge.twilio.calls.count == 2)
    }
  }

  @Test func hangingUpIsToldToTheProvider() async throws {
    try await BridgeHarness.with { bridge in
      let id = CallID.random()
      let call = try await bridge.placed(bridge.request(id))
      let reference = CallReference(callId: id.description)
      for _ in 0..<2 { _ = try await bridge.service.hangUp(reference, context: bridge.context) }
      #expect(try await bridge.twilio.updates.next()?.form.map(\.1) == ["completed"])
      try await bridge.twilio.report("canceled", of: call, sequence: 2, to: bridge.port)
      let (_, ended) = try await bridge.story(of: id)
      #expect(ended.state == .cancelled)
      #expect(ended.facts.first?.kind == .hungUpByUs("requested"))
      #expect(try await bridge.service.getMediaCall(reference, context: bridge.context).state == .cancelled)
    }
  }

  @Test func requestsThatAreWrongSayWhat() async throws {
    try await BridgeHarness.with { bridge in
      func fault(_ change: (inout PlaceCallRequest) -> Void) async -> String {
        var request = bridge.request()
        change(&request)
        do {
          _ = try await bridge.place(request)
          return "placed"
        } catch let error as RPCError {
          return error.code == .invalidArgument ? String(error.message.prefix { $0 != ":" && $0 != " " }) : "\(error)"
        } catch {
          return "\(error)"
        }
      }
      #expect(await fault { $0.permit = nil } == "permit")
      #expect(await fault { $0.permit?.callId = "7" } == "permit.call_id")
      #expect(await fault { $0.permit?.campaignId = "" } == "permit.campaign_id")
      #expect(await fault { $0.permit?.leadId = "" } == "permit.lead_id")
      #expect(await fault { $0.permit?.attemptNumber = 0 } == "permit.attempt_number")
      #expect(await fault { $0.permit?.to = "4155550100" } == "permit.to")
      #expect(await fault { $0.permit?.from = "+0155550100" } == "permit.from")
      #expect(await fault { $0.permit?.expiresAt = nil } == "permit.expires_at")
      #expect(await fault { $0.maxDuration = ProtobufDuration(.hours(3)) } == "max_duration")
      #expect(await fault { $0.brief = nil } == "brief")
      #expect(await fault { $0.brief?.greeting = "" } == "brief.greeting")
      #expect(await fault { $0.provider = "carrier-pigeon" } == "provider")
      #expect(bridge.twilio.calls.isEmpty)
      let unknown = CallReference(callId: CallID.random().description)
      #expect(
        await bridge.failure { _ = try await bridge.service.getMediaCall(unknown, context: bridge.context) }
          == .notFound)
      #expect(
        await bridge.failure { _ = try await bridge.service.hangUp(unknown, context: bridge.context) } == .notFound)
    }
  }
}
