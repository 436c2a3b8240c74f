import Core
import Telephony
import Testing

@testable import AutoDialer

@Suite struct ForecastAssumptionTests {
  @Test func whatIsSaidCountsAndTheRestKeepsItsProportions() throws {
    let standard = ForecastAssumptions.standard
    var wishes = ForecastWishes()
    wishes.shares = [.answered: 0.5]
    wishes.qualifiedShare = 0.2
    (wishes.talking, wishes.ringing, wishes.costMicros) = (.seconds(100), .seconds(10), 40_000)
    let changed = try standard.applying(wishes)
    #expect(abs(changed.share(of: .answered) - 0.5) < 1e-9)
    let ratio = standard.share(of: .voicemail) / standard.share(of: .busy)
    #expect(abs(changed.share(of: .voicemail) / changed.share(of: .busy) - ratio) < 1e-9)
    #expect(abs(changed.byCall[0].reduce(0) { $0 + $1.share } - 1) < 1e-9)
    #expect(abs(changed.mean({ $0.outcome == .qualified ? 1 : 0 }, of: [.answered]) - 0.2) < 1e-9)
    #expect(abs(changed.mean({ $0.talking.inSeconds }, of: [.answered]) - 100) < 1e-6)
    #expect(changed.byCall[0].allSatisfy { $0.kind == .busy || $0.kind == .failed || $0.ringing == .seconds(10) })
    #expect(abs(changed.mean { Double($0.costMicros) } - 40_000) < 1)
    #expect(wishes.names == ["answered_rate", "qualified_rate", "talk", "ring", "cost_per_call_micros"])
  }

  @Test func whatNeverHappenedMayBeSaidToHappen() throws {
    let never = try Forecasts.always(.noAnswer)
    let changed = try never.applying(ForecastWishes(shares: [.answered: 0.4, .busy: 0.1]))
    #expect(abs(changed.share(of: .answered) - 0.4) < 1e-9 && abs(changed.share(of: .busy) - 0.1) < 1e-9)
    #expect(abs(changed.share(of: .noAnswer) - 0.5) < 1e-9 && changed.share(of: .voicemail) == 0)
  }

  @Test func ratesThatCannotBeAreRefused() {
    #expect(throws: ForecastWishes.Problem.self) {
      try ForecastAssumptions.standard.applying(ForecastWishes(shares: [.answered: 0.7, .voicemail: 0.4]))
    }
    #expect(throws: ForecastWishes.Problem.self) {
      try ForecastAssumptions.standard.applying(
        ForecastWishes(shares: [.answered: 0.1, .voicemail: 0.1, .noAnswer: 0.1, .busy: 0.1, .failed: 0.1]))
    }
  }

  @Test func enoughCallsTeachTheirSharesTimesAndCosts() throws {
    var experience = ForecastExperience()
    experience.rows = [
      .init(number: 1, outcome: .qualified, isPermanent: false, calls: 30, lineSeconds: 95),
      .init(number: 1, outcome: .noAnswer, isPermanent: false, calls: 70, lineSeconds: 25),
      .init(number: 2, outcome: .qualified, isPermanent: false, calls: 6, lineSeconds: 95),
      .init(number: 2, outcome: .noAnswer, isPermanent: false, calls: 54, lineSeconds: nil),
      .init(number: 3, outcome: .noAnswer, isPermanent: false, calls: 2, lineSeconds: 30),
    ]
    (experience.settledCalls, experience.spentMicros) = (162, 16_200_000)
    let learned = try #require(experience.assumptions)
    #expect(learned.byCall.count == 2)
    #expect(learned.endings(afterCalls: 0).first?.share == 0.3 && learned.endings(afterCalls: 9).first?.share == 0.1)
    #expect(learned.byCall[0][0].talking == .seconds(80) && learned.byCall[0][1].lineTime == .seconds(25))
    #expect(abs(learned.mean { Double($0.costMicros) } - 100_000) < 1 && learned.byCall[0][1].costMicros == 0)
    experience.rows = [.init(number: 1, outcome: .qualified, isPermanent: false, calls: 99, lineSeconds: 1)]
    #expect(experience.assumptions == nil)
  }
}
