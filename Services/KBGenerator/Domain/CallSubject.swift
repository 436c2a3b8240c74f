import Core

/// What is known before a call: the campaign's guidance and the lead's data, as plain values.
struct CallSubject: Hashable, Sendable {
  /// What the call is for.
  enum Purpose: String, Sendable, CaseIterable {
    case qualifyLead = "qualify_lead"
    case confirmAppointment = "confirm_appointment"
    case followUp = "follow_up"
    case consumerCallback = "consumer_callback"
  }

  /// One thing the campaign wants to know: the field of the criterion and how to ask for it.
  struct Question: Hashable, Sendable {
    var field: String
    var ask: String
  }

  /// A column of the upload that has no field of its own.
  struct Attribute: Hashable, Sendable {
    var name: String
    var value: String
  }

  var purpose: Purpose
  var agentName: String
  var businessName: String
  /// The operator's own words on what to talk about; may be empty.
  var scriptGuidance: String
  /// Fields of the campaign's criteria, in the order of their weight.
  var fields: [String]
  var disclosesRecording: Bool
  /// The operator's script for an answering machine; nil when no message is left.
  var voicemail: String?
  var firstName: String
  var lastName: String
  var company: String
  /// Further columns of the upload, for example `interest: pricing`.
  var attributes: [Attribute]
  /// From 1.
  var attemptNumber: Int

  /// "Ada Abbott", or "the lead" when no name is known.
  var personName: String {
    let name = [firstName, lastName].filter { !$0.isEmpty }.joined(separator: " ")
    return name.isEmpty ? "the lead" : name
  }

  /// What to ask, one question a field; a field of the campaign's own is asked for by its name.
  var questions: [Question] {
    fields.map { Question(field: $0, ask: Self.wording[$0] ?? "What can you tell me about your \(words(of: $0))?") }
  }

  private static let wording = [
    "budget": "What budget have you set aside for this?",
    "timeline": "How soon are you looking to get started?",
    "decision_maker": "Are you the person who makes the decision on this?",
    "pain_points": "What is the biggest problem with the way you handle this today?",
  ]

  private func words(of field: String) -> String { String(field.map { $0 == "_" ? " " : $0 }) }
}
