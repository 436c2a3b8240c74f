/// What a conversation told, before any campaign's wishes are held against it.
struct Extraction: Hashable, Sendable {
  /// A field with the words it came from.
  struct Field: Hashable, Sendable {
    var name: String
    var values: [FieldValue]
    /// 0 to 1. Below `scoredConfidence` a field is shown but not scored.
    var confidence: Double
    /// Verbatim.
    var quote: String
    /// The line of the conversation, from 0.
    var turn: Int
  }

  /// How the person ended the conversation.
  enum Disposition: String, Sendable {
    case conversed, declined, callback, machine, silent
    case optedOut = "opted_out"
    case wrongPerson = "wrong_person"
  }

  enum Interest: Int, Sendable, Comparable {
    case none, low, medium, high
    static func < (left: Interest, right: Interest) -> Bool { left.rawValue < right.rawValue }
  }

  static let scoredConfidence = 0.8

  var fields: [Field]
  var disposition: Disposition
  var interest: Interest
  /// In the person's words.
  var objections: [String]

  /// The values of a field that are sure enough to be scored.
  func scorable(_ name: String) -> [FieldValue] {
    fields.filter { $0.name == name && $0.confidence >= Self.scoredConfidence }.flatMap(\.values)
  }
}

/// One line of a conversation.
struct ConversationTurn: Hashable, Sendable {
  var isPerson: Bool
  var text: String
}
