import RingmasterMessages

// Domain values to the wire and back.

extension Criterion {
  /// Nil for an operator that is not known here: campaign-executor lets none through.
  init?(_ wire: RingmasterMessages.Criterion) {
    guard let comparison = Comparison(rawValue: wire.`operator`) else { return nil }
    self.init(
      field: wire.field, comparison: comparison, values: wire.values.compactMap(FieldValue.init), weight: wire.weight)
  }

  var wire: RingmasterMessages.Criterion {
    var message = RingmasterMessages.Criterion()
    message.field = field
    message.`operator` = comparison.rawValue
    message.values = values.map(\.wire)
    message.weight = weight
    return message
  }
}

extension FieldValue {
  init?(_ wire: CriterionValue) {
    switch wire.kind {
    case .text(let value): self = .text(value)
    case .number(let value): self = .number(value)
    case .flag(let value): self = .flag(value)
    case nil: return nil
    }
  }

  var wire: CriterionValue {
    var message = CriterionValue()
    message.kind =
      switch self {
      case .text(let value): .text(value)
      case .number(let value): .number(value)
      case .flag(let value): .flag(value)
      }
    return message
  }
}

extension Score {
  init(_ extraction: Extraction, _ qualification: Qualification) {
    self.init()
    score = Int32(qualification.score)
    qualified = qualification.qualified
    nextAction = qualification.nextAction.rawValue
    objections = extraction.objections
    method = RuleExtractor.method
    summary = Self.summary(extraction, qualification)
    fields = extraction.fields.map { field in
      var message = ExtractedField()
      message.field = field.name
      message.values = field.values.map(\.wire)
      message.confidence = field.confidence
      message.quote = field.quote
      message.turn = Int32(field.turn)
      return message
    }
    results = qualification.results.map { result in
      var message = CriterionResult()
      message.criterion = result.criterion.wire
      message.met = result.met
      message.points = result.points
      message.explanation = result.explanation
      return message
    }
    interest =
      switch extraction.interest {
      case .none: .none
      case .low: .low
      case .medium: .medium
      case .high: .high
      }
    disposition =
      switch extraction.disposition {
      case .conversed: .conversed
      case .declined: .declined
      case .optedOut: .optedOut
      case .wrongPerson: .wrongPerson
      case .callback: .callback
      case .machine: .machine
      case .silent: .silent
      }
  }

  private static func summary(_ extraction: Extraction, _ qualification: Qualification) -> String {
    switch extraction.disposition {
    case .declined: return "Declined the offer."
    case .optedOut: return "Asked not to be called again."
    case .wrongPerson: return "The person reached is not the lead."
    case .callback: return "Asked to be called at another time."
    case .machine: return "An answering machine answered."
    case .silent: return "The person said nothing."
    case .conversed: break
    }
    let found = extraction.fields.map { "\($0.name) \($0.values.map(\.text).joined(separator: ", "))" }
    let told = found.isEmpty ? "nothing that was asked for" : found.joined(separator: "; ")
    return "Told \(told). Score \(qualification.score), \(qualification.qualified ? "qualified" : "not qualified")."
  }
}
