import Core
import Testing

@testable import AutoDialer

@Suite struct FairShareTests {
  @Test func whoWantsLittleGetsItAndTheOthersShareTheRest() {
    var fair = FairShare<Int>()
    let shares = [
      fair.split(available: 100, demands: [(1, 10), (2, 1000), (3, 1000)]),
      fair.split(available: nil, demands: [(1, 10), (2, 1000)]), fair.split(available: 0, demands: [(1, 10)]),
      fair.split(available: 5, demands: []),
    ]
    #expect(shares == [[10, 45, 45], [10, 1000], [0], []])
  }

  @Test func whatDoesNotDivideGoesRound() {
    var fair = FairShare<String>()
    let demands = ["a", "b", "c"].map { (key: $0, wanted: 9) }
    let shares = [1, 1, 5, 1].map { fair.split(available: $0, demands: demands) }
    #expect(shares == [[1, 0, 0], [0, 1, 0], [2, 1, 2], [0, 1, 0]])
  }

  /// Nothing is wasted, nobody gets more than it wants or than its fair part, whatever the demands.
  @Test(arguments: UInt64(1)...200)
  func sharesAreMaxMinFair(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var fair = FairShare<Int>()
    for _ in 0..<20 {
      let demands = (0..<Int.random(in: 1...12, using: &generator)).map {
        (key: $0, wanted: Int.random(in: 0...30, using: &generator))
      }
      let available = Int.random(in: 0...120, using: &generator)
      let shares = fair.split(available: available, demands: demands)
      #expect(shares.reduce(0, +) == min(available, demands.map(\.wanted).reduce(0, +)))
      let hungry = shares.indices.filter { shares[$0] < demands[$0].wanted }
      for index in shares.indices {
        #expect((0...demands[index].wanted).contains(shares[index]))
        for other in hungry { #expect(shares[index] <= shares[other] + 1) }
      }
    }
  }

  /// A campaign that keeps having work gets its turn within a bound, however big and many the others are and however
  /// they come and go.
  @Test(arguments: UInt64(1)...100)
  func nobodyWaitsForLong(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var fair = FairShare<Int>()
    let campaigns = Int.random(in: 2...30, using: &generator)
    let small = Int.random(in: 0..<campaigns, using: &generator)
    let available = Int.random(in: 1...4, using: &generator)
    var waited = 0
    for _ in 0..<200 {
      var demands: [(key: Int, wanted: Int)] = []
      for key in 0..<campaigns where key == small || Int.random(in: 0..<5, using: &generator) > 0 {
        demands.append((key, key == small ? 1 : 100))
      }
      let shares = fair.split(available: available, demands: demands)
      let index = demands.firstIndex { $0.key == small } ?? 0
      waited = shares[index] > 0 ? 0 : waited + 1
      #expect(waited < (campaigns + available - 1) / available)
    }
  }
}
