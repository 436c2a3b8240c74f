import Core
import Telephony
import Testing

@testable import MediaBridge

@Suite struct CallRecordTests {
  let start = Instant(microsecondsSince1970: 1_772_000_000_000_000)
  let id = ProviderCallID("CA00000000000000000000000000000001")

  func record(leavesVoicemail: Bool = false) -> CallRecord {
    CallRecord(requestedAt: start, leavesVoicemail: leavesVoicemail)
  }

  func placed(leavesVoicemail: Bool = false) -> CallRecord {
    var call = record(leavesVoicemail: leavesVoicemail)
    _ = call.handle(.asking, at: start)
    _ = call.handle(.answer(.accepted(id)), at: start)
    return call
  }

  func status(_ status: ProviderStatus, duration: Int? = nil, sip: Int? = nil) -> CallReport {
    .provider(ProviderReport(id: id, status: status, sipCode: sip, duration: duration.map { .seconds($0) }))
  }

  @Test func aConversationGoesThroughItsStatesAndFinishesOnceItIsWritten() {
    var call = record()
    #expect(call.handle(.asking, at: start) == [.ask])
    #expect(call.handle(.asking, at: start).isEmpty)
    #expect(call.handle(.answer(.accepted(id)), at: start) == [.progressed(.initiated)])
    #expect(call.handle(status(.initiated), at: start).isEmpty)
    #expect(call.handle(status(.ringing), at: start + .seconds(1)) == [.progressed(.ringing)])
    #expect(call.handle(.pickedUp(id), at: start + .seconds(5)) == [.progressed(.inProgress)])
    #expect(call.handle(status(.inProgress), at: start + .seconds(5)).isEmpty)
    #expect(call.handle(.sessionOpened, at: start + .seconds(5)) == [.sessionBegan])
    #expect(call.handle(.sessionOpened, at: start + .seconds(6)).isEmpty)
    let end = start + .seconds(47)
    let fact = CallEffect.record(CallFact(kind: .providerEnded(status: .completed, sipCode: 200), at: end))
    #expect(call.handle(status(.completed, duration: 42, sip: 200), at: end) == [fact])
    #expect(!call.isFinished)
    #expect(call.handle(.sessionClosed, at: end + .seconds(1)) == [.finished])
    #expect(call.state == .completed)
    #expect(call.answeredAt == start + .seconds(5))
    #expect(call.endedAt == end)
    #expect(call.talkDuration == .seconds(42))
  }

  /// The person did not hang up on us: our own side broke, and whoever decides the outcome must know.
  @Test func whatBreaksOffOnThisSideIsAFact() {
    func facts(_ reports: [CallReport]) -> [CallEffect] {
      var call = placed()
      return reports.flatMap { call.handle($0, at: start) }.filter {
        $0 == .record(CallFact(kind: .failure(CallFailure.brokenOff), at: start))
      }
    }
    let completed = status(.completed, duration: 9)
    #expect(facts([.pickedUp(id), .sessionOpened, .sessionBroken, completed]).count == 1)
    #expect(facts([.pickedUp(id), .sessionOpened, completed, .sessionBroken]).count == 1)
    #expect(facts([.pickedUp(id), completed]).count == 1)
    #expect(facts([completed]).count == 1)
    #expect(facts([.pickedUp(id), .sessionOpened, .sessionClosed, .sessionBroken, completed]).isEmpty)
    #expect(facts([.pickedUp(id), .sessionOpened, .end(.endCall), .sessionBroken, completed]).isEmpty)
    #expect(facts([.pickedUp(id), .end(.requested), completed]).isEmpty)
    #expect(facts([status(.busy)]).isEmpty)
  }

  @Test func aLostAnswerIsReckonedFromTheDuration() {
    var call = placed()
    _ = call.handle(status(.completed, duration: 10), at: start + .seconds(30))
    #expect(call.isFinished)
    #expect(call.answeredAt == start + .seconds(20))
  }

  @Test(arguments: [
    (ProviderStatus.busy, CallState.busy), (.noAnswer, .noAnswer), (.failed, .failed), (.canceled, .cancelled),
  ])
  func aCallThatWasNotAnsweredEndsAsTheProviderSays(status word: ProviderStatus, state: CallState) {
    var call = placed()
    let effects = call.handle(status(word, duration: 0, sip: 486), at: start + .seconds(3))
    #expect(effects.last == .finished)
    #expect(call.state == state)
    #expect(call.talkDuration == .zero)
  }

  @Test func anAnsweredCallIsNeverBusy() {
    var call = placed()
    _ = call.handle(.pickedUp(id), at: start)
    _ = call.handle(status(.busy), at: start + .seconds(3))
    #expect(call.state == .completed)
  }

  @Test func theEndBeforeTheAnswerStaysTheEnd() {
    var call = placed()
    _ = call.handle(status(.completed, duration: 7), at: start + .seconds(9))
    #expect(call.handle(status(.inProgress), at: start + .seconds(10)).isEmpty)
    #expect(call.handle(status(.completed, duration: 7), at: start + .seconds(11)).isEmpty)
    #expect(call.state == .completed)
  }

  @Test func aRefusalEndsTheCallWithItsCode() {
    var call = record()
    _ = call.handle(.asking, at: start)
    let effects = call.handle(.answer(.refused(code: "21211")), at: start)
    #expect(effects == [.record(CallFact(kind: .failure("21211"), at: start)), .finished])
    #expect(call.state == .failed)
    #expect(call.placement == .ended)
  }

  @Test func aCallRefusedForNowWaitsUntilItsPermitRunsOut() {
    var call = record()
    _ = call.handle(.asking, at: start)
    #expect(call.handle(.answer(.later(code: "10004")), at: start).isEmpty)
    #expect(call.placement == .waiting)
    #expect(call.handle(.permitExpired, at: start + .seconds(120)).isEmpty)
    #expect(call.isWithdrawn && call.isFinished)
    #expect(call.failure == "10004")
    #expect(call.handle(.asking, at: start + .seconds(121)).isEmpty)
    #expect(call.placement == .ended)
  }

  @Test func aCallThatMetAThrottledProviderGoesBackAtOnce() {
    var call = record()
    _ = call.handle(.asking, at: start)
    #expect(call.handle(.answer(.throttled(code: "20429", after: .seconds(5))), at: start).isEmpty)
    #expect(call.isWithdrawn && call.isFinished && call.failure == CallFailure.throttled)
    #expect(call.handle(.asking, at: start + .seconds(1)).isEmpty)
  }

  @Test func aCallInDoubtIsNeverAskedForAgain() {
    var call = record()
    _ = call.handle(.asking, at: start)
    _ = call.handle(.answer(.unsure(reason: "timeout")), at: start)
    #expect(call.placement == .unsure)
    #expect(call.handle(.asking, at: start).isEmpty)
    #expect(call.placement == .unsure)
    #expect(call.handle(.permitExpired, at: start + .seconds(200)).isEmpty)
    #expect(call.handle(.notFound, at: start + .seconds(20)).last == .finished)
    #expect(call.failure == CallFailure.notPlaced)
  }

  @Test func aCallbackAdoptsACallInDoubt() {
    var call = record()
    _ = call.handle(.asking, at: start)
    _ = call.handle(.answer(.unsure(reason: "timeout")), at: start)
    #expect(call.handle(status(.ringing), at: start) == [.progressed(.ringing)])
    #expect(call.placement == .placed)
    #expect(call.providerCallID == id)
    #expect(call.handle(.notFound, at: start).isEmpty)
  }

  @Test func aCallThatWasGivenUpAndLivesIsAStray() {
    var call = record()
    _ = call.handle(.asking, at: start)
    _ = call.handle(.notFound, at: start)
    #expect(call.handle(status(.ringing), at: start) == [.stray(id)])
    #expect(call.handle(.pickedUp(id), at: start) == [.stray(id)])
    #expect(call.handle(status(.completed), at: start).isEmpty)
  }

  @Test func aSecondCallUnderOneAddressIsAStray() {
    var call = placed()
    let other = ProviderCallID("CA00000000000000000000000000000002")
    #expect(call.handle(.pickedUp(other), at: start) == [.stray(other)])
    #expect(call.state == .initiated)
  }

  @Test func aMachineGetsTheMessage() {
    var call = placed(leavesVoicemail: true)
    _ = call.handle(.pickedUp(id), at: start)
    let effects = call.handle(.machineVerdict(id, .machineEndBeep), at: start + .seconds(8))
    #expect(
      effects == [
        .record(CallFact(kind: .answeredBy(.machineEndBeep), at: start + .seconds(8))), .carryOut(.leaveVoicemail),
      ])
    #expect(call.handle(.machineVerdict(id, .machineEndBeep), at: start + .seconds(9)).isEmpty)
    #expect(
      call.handle(.carriedOut(.leaveVoicemail), at: start + .seconds(9))
        == [.record(CallFact(kind: .voicemailLeft, at: start + .seconds(9)))])
    _ = call.handle(status(.completed, duration: 20), at: start + .seconds(28))
    #expect(call.state == .voicemail)
    #expect(call.isFinished)
  }

  @Test func aMachineWithoutAMessageIsHungUpOn() {
    var call = placed()
    _ = call.handle(.pickedUp(id), at: start)
    let effects = call.handle(.machineVerdict(id, .machineEndSilence), at: start)
    #expect(effects.contains(.record(CallFact(kind: .hungUpByUs(.voicemail), at: start))))
    #expect(effects.last == .carryOut(.hangUp))
  }

  @Test func aVerdictAfterTheAgentsGoodbyeChangesNothing() {
    var call = placed(leavesVoicemail: true)
    _ = call.handle(.pickedUp(id), at: start)
    #expect(call.handle(.end(.endCall), at: start).last == .carryOut(.hangUp))
    #expect(call.handle(.machineVerdict(id, .machineEndOther), at: start).count == 1)
    #expect(call.intent == .hangUp)
  }

  @Test func endingACallThatWasNeverAskedForCancelsIt() {
    var call = record()
    #expect(call.handle(.end(.requested), at: start).last == .finished)
    #expect(call.state == .cancelled)
  }

  @Test func endingACallInDoubtHangsUpWhenItIsFound() {
    var call = record()
    _ = call.handle(.asking, at: start)
    #expect(call.handle(.end(.requested), at: start).count == 1)
    #expect(call.handle(.answer(.accepted(id)), at: start) == [.progressed(.initiated), .carryOut(.hangUp)])
    #expect(call.handle(.end(.requested), at: start).isEmpty)
  }

  @Test func oneReasonIsKept() {
    var call = placed()
    _ = call.handle(.pickedUp(id), at: start)
    _ = call.handle(.end(.endCall), at: start)
    _ = call.handle(.carriedOut(.hangUp), at: start)
    #expect(call.handle(.end(.overdue), at: start) == [.carryOut(.hangUp)])
    #expect(call.endReason == .endCall)
  }

  @Test func aCallThatIsLostSightOfEndsWithThatReason() {
    var call = placed()
    let effects = call.handle(.lostTrack, at: start + .seconds(600))
    #expect(effects.first == .record(CallFact(kind: .failure(CallFailure.noTerminalEvent), at: start + .seconds(600))))
    #expect(effects.last == .finished)
    #expect(call.state == .failed)
  }

  /// Any reports in any order, twice and thrice: one end, and no way back.
  @Test(arguments: UInt64(1)...300) func reportsInAnyOrderAreHarmless(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var call = record(leavesVoicemail: .random(using: &generator))
    let other = ProviderCallID("CA0000000000000000000000000000000f")
    let reports: [CallReport] =
      [
        .asking, .answer(.accepted(id)), .answer(.later(code: "10004")), .answer(.unsure(reason: "x")),
        .answer(.throttled(code: "20429", after: .seconds(1))),
        .answer(.refused(code: "21211")), .answer(.accepted(other)), .notFound, .permitExpired, .pickedUp(id),
        .sessionOpened, .sessionClosed, .sessionBroken, .end(.endCall), .carriedOut(.hangUp),
        .carriedOut(.leaveVoicemail),
        .tooLate(.hangUp), .lostTrack,
        .machineVerdict(id, .machineEndBeep), .machineVerdict(id, .human),
      ] + ProviderStatus.allCases.map { status($0, duration: 5) }
    var finished = 0
    var ended = 0
    var states: [CallState] = []
    for step in 0..<40 {
      guard let report = reports.randomElement(using: &generator) else { return }
      let before = call
      for effect in call.handle(report, at: start + .seconds(step)) {
        switch effect {
        case .finished: finished += 1
        case .progressed(let state): states.append(state)
        case .record(let fact): if case .providerEnded = fact.kind { ended += 1 }
        case .ask, .carryOut, .stray, .sessionBegan: break
        }
      }
      if before.state.isTerminal { #expect(call.state == before.state) }
      if before.isFinished { #expect(call == before) }
      if before.providerCallID != nil { #expect(call.providerCallID == before.providerCallID) }
      if before.placement == .unsure { #expect(call.placement != .asking && call.placement != .waiting) }
      #expect(call.state.isTerminal == (call.endedAt != nil))
    }
    #expect(finished <= 1)
    #expect(ended <= 1)
    #expect(finished == (call.isFinished && !call.isWithdrawn ? 1 : 0))
    let order: [CallState] = [.initiated, .ringing, .inProgress]
    #expect(states == order.filter(states.contains))
  }
}
