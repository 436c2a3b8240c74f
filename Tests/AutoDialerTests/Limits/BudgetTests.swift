import Core
import Testing

@testable import AutoDialer

@Suite struct BudgetTests {
  @Test func theRateCardCountsBegunMinutesWhole() {
    #expect(CallRateCard.standard.cost(of: .seconds(60)) == 90_000)
    #expect(CallRateCard.standard.cost(of: .seconds(61)) == 180_000)
    #expect(CallRateCard.standard.cost(of: .seconds(120)) == 180_000)
  }

  @Test func itIsExhaustedOnlyWhenNoCallInFlightCanChangeThat() {
    var budget = Budget(limit: 300, spent: 0, reserved: 270, expected: 90)
    #expect(budget.calls == 0 && !budget.isExhausted)  // The three in flight may turn out cheap.
    budget.settle(reservation: 90, cost: 10)
    #expect(budget.calls == 1)
    budget.settle(reservation: 90, cost: 250)
    #expect(budget.calls == 0 && budget.isExhausted)
    #expect(Budget(limit: nil, spent: 9, reserved: 9, expected: 1).calls == nil)
  }

  /// Spent and reserved never exceed the budget by more than what calls cost beyond what was expected of them.
  @Test(arguments: UInt64(1)...200)
  func whatIsExceededIsWhatWasNotExpected(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let limit = Int64.random(in: 0...3000, using: &generator)
    let expected = Int64.random(in: 1...300, using: &generator)
    var budget = Budget(limit: limit, spent: 0, reserved: 0, expected: expected)
    var inFlight = 0
    var surprise: Int64 = 0
    for _ in 0..<200 {
      if inFlight > 0, Bool.random(using: &generator) {
        let cost = Int64.random(in: 0...(2 * expected), using: &generator)
        surprise += max(0, cost - expected)
        budget.settle(reservation: expected, cost: cost)
        inFlight -= 1
      } else {
        let calls = min(try #require(budget.calls), Int.random(in: 0...5, using: &generator))
        budget.reserve(calls)
        inFlight += calls
      }
      #expect(budget.reserved == expected * Int64(inFlight))
      #expect(budget.spent + budget.reserved <= limit + surprise)
    }
  }
}
