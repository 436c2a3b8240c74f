import Core
import Testing

@testable import MediaBridge

@Suite struct ReconciliationTests {
  let asked = Instant(microsecondsSince1970: 1_772_000_000_000_000)

  func listed(_ number: Int, to: String = "+14155550100", from: String = "+14155550199", after seconds: Int?)
    -> ListedCall
  {
    ListedCall(
      report: ProviderReport(id: ProviderCallID("CA\(number)"), status: .ringing), to: to, from: from,
      createdAt: seconds.map { asked + .seconds($0) })
  }

  func decide(_ listed: [ListedCall], known: Set<ProviderCallID> = [], hasSettled: Bool = false) -> Reconciliation {
    .decide(
      to: "+14155550100", from: "+14155550199", askedAt: asked, listed: listed, known: known, hasSettled: hasSettled)
  }

  @Test func theCallMadeAfterTheRequestIsOurs() {
    #expect(decide([listed(1, after: -4_000), listed(2, after: 1)]) == .adopt(listed(2, after: 1)))
  }

  @Test func anotherAttemptsCallIsNotOurs() {
    #expect(decide([listed(1, after: 1)], known: [ProviderCallID("CA1")]) == .lookAgain)
  }

  @Test func otherNumbersAreNotOurs() {
    #expect(decide([listed(1, from: "+1", after: 1), listed(2, to: "+1", after: 1)], hasSettled: true) == .notPlaced)
  }

  @Test func theFirstOfSeveralIsTaken() {
    #expect(decide([listed(3, after: 30), listed(2, after: 2)]) == .adopt(listed(2, after: 2)))
  }

  @Test func nothingIsConcludedBeforeTheProviderHadTime() {
    #expect(decide([]) == .lookAgain)
    #expect(decide([], hasSettled: true) == .notPlaced)
  }

  @Test func deadlinesAllowForSlowNetworksUnderAFastClock() {
    let real = CallDeadline(realSecond: .seconds(1))
    #expect(real.slack == .seconds(60))
    #expect(real.unplaced(expiresAt: asked) == asked + .seconds(45 + 60))
    let fast = CallDeadline(realSecond: .seconds(1) / 100)
    #expect(fast.slack == .seconds(1_000))
    // A minute of real time: longer than the settling time, and looks that fail.
    #expect(fast.unplaced(expiresAt: asked) == asked + .seconds(45 + 6_000))
    #expect(fast.answered(at: asked, maxDuration: .seconds(120)) == asked + .seconds(1_135))
  }

  @Test func aCallIsOverdueByItsAnswerOrItsPermit() {
    func isOverdue(_ seconds: Int, answered: Int?) -> Bool {
      CallDeadline.isOverdue(
        at: asked + .seconds(seconds), answeredAt: answered.map { asked + .seconds($0) }, maxDuration: .seconds(100),
        expiresAt: asked + .seconds(120))
    }
    #expect(!isOverdue(164, answered: nil))
    #expect(isOverdue(165, answered: nil))
    #expect(!isOverdue(164, answered: 50))
    #expect(isOverdue(165, answered: 50))
  }
}
