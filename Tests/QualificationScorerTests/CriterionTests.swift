import Testing

@testable import QualificationScorer

@Suite struct CriterionTests {
  private func met(_ comparison: Criterion.Comparison, _ values: [FieldValue], by found: [FieldValue]) -> Bool {
    Criterion(field: "f", comparison: comparison, values: values, weight: 1).isMet(by: found)
  }

  @Test(arguments: [
    (Criterion.Comparison.equal, 5.0, false), (.notEqual, 5, true), (.atLeast, 4, true), (.atLeast, 5, false),
    (.above, 4, false), (.above, 3.9, true), (.atMost, 4, true), (.below, 4, false), (.below, 4.1, true),
  ])
  func numbersCompare(_ comparison: Criterion.Comparison, _ wanted: Double, _ expected: Bool) {
    #expect(met(comparison, [.number(wanted)], by: [.number(4)]) == expected)
  }

  @Test func listsAreSearched() {
    let pains: [FieldValue] = [.text("slow"), .text("Manual work")]
    #expect(met(.isIn, [.text("b"), .text("SLOW")], by: [.text("slow")]))
    #expect(!met(.isNotIn, [.text("slow")], by: [.text("slow")]))
    #expect(met(.isNotIn, [.text("expensive")], by: [.text("slow")]))
    #expect(met(.contains, [.text("manual")], by: pains))
    #expect(met(.containsAny, [.text("expensive"), .text("slow")], by: pains))
    #expect(!met(.containsAll, [.text("expensive"), .text("slow")], by: pains))
    #expect(met(.containsAll, [.text("manual"), .text("slow")], by: pains))
  }

  @Test(arguments: Criterion.Comparison.allCases)
  func whatWasNotSaidMeetsNothing(_ comparison: Criterion.Comparison) {
    #expect(!met(comparison, [.number(1)], by: []))
  }

  @Test func existsTakesAnyValue() {
    #expect(met(.exists, [], by: [.flag(false)]))
  }

  @Test func typesDoNotMix() {
    #expect(!met(.equal, [.flag(true)], by: [.text("true")]))
    #expect(met(.equal, [.number(10)], by: [.text("10")]))
    #expect(!met(.atLeast, [.number(10)], by: [.flag(true)]))
  }
}

@Suite struct QualificationTests {
  private let criteria = [
    Criterion(field: "budget", comparison: .atLeast, values: [.number(10_000)], weight: 30),
    Criterion(field: "timeline", comparison: .isIn, values: [.text("immediate"), .text("within_month")], weight: 25),
    Criterion(field: "decision_maker", comparison: .equal, values: [.flag(true)], weight: 20),
    Criterion(field: "pain_points", comparison: .containsAny, values: [.text("slow"), .text("expensive")], weight: 25),
  ]

  private func extraction(
    _ fields: [(String, FieldValue, Double)], _ disposition: Extraction.Disposition = .conversed
  ) -> Extraction {
    Extraction(
      fields: fields.enumerated().map {
        .init(name: $1.0, values: [$1.1], confidence: $1.2, quote: "q", turn: $0)
      }, disposition: disposition, interest: .medium, objections: [])
  }

  @Test func weightsMakeTheScore() {
    let found = extraction([
      ("budget", .number(50_000), 0.9), ("timeline", .text("immediate"), 0.9), ("pain_points", .text("slow"), 0.9),
    ])
    let qualification = Qualification(found, criteria: criteria, minimum: 70)
    #expect(qualification.score == 80)
    #expect(qualification.qualified)
    #expect(qualification.results.map(\.met) == [true, true, false, true])
  }

  @Test func whatIsUnsureIsShownButNotScored() {
    let qualification = Qualification(extraction([("budget", .number(50_000), 0.79)]), criteria: criteria, minimum: 1)
    #expect(qualification.score == 0)
    #expect(qualification.results[0].explanation.contains("not surely enough"))
  }

  @Test(arguments: [Extraction.Disposition.declined, .optedOut, .wrongPerson, .callback, .machine, .silent])
  func onlyAConversationQualifies(_ disposition: Extraction.Disposition) {
    let qualification = Qualification(
      extraction([("budget", .number(50_000), 1)], disposition), criteria: criteria, minimum: 10)
    #expect(!qualification.qualified)
  }

  @Test func noCriteriaScoreZeroAndAMinimumOfZeroLetsAllThrough() {
    #expect(Qualification(extraction([]), criteria: [], minimum: 0).qualified)
    #expect(Qualification(extraction([]), criteria: [], minimum: 1).score == 0)
  }
}
