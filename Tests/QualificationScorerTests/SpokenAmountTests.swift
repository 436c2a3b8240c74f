import Testing

@testable import QualificationScorer

@Suite struct SpokenAmountTests {
  @Test(arguments: [
    ("about fifteen thousand", 15_000.0), ("15k", 15_000), ("$20,000", 20_000), ("half a million", 500_000),
    ("twenty-five thousand dollars", 25_000), ("one hundred and twenty thousand", 120_000), ("15 grand", 15_000),
    ("seven grand, maybe", 7_000), ("a couple of thousand", 2_000), ("1.5 million", 1_500_000), ("$9,500 tops", 9_500),
    ("two hundred", 200), ("a hundred thousand", 100_000), ("Let me think. I would say 40k.", 40_000),
  ])
  func amountsAreRead(_ text: String, _ expected: Double) {
    #expect(SpokenAmount.amounts(in: SpokenText(text)).first == expected)
  }

  @Test func aRangeSharesItsScale() {
    #expect(SpokenAmount.amounts(in: SpokenText("between ten and fifteen thousand")) == [10_000, 15_000])
  }

  @Test(arguments: ["", "a problem", "no idea", "k", "$", "thousand-yard stare"])
  func wordsAreNoAmounts(_ text: String) {
    #expect(SpokenAmount.amounts(in: SpokenText(text)).isEmpty)
  }
}
