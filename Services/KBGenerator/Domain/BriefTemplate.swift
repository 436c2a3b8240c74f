/// The words of a brief made from templates: the embedded default, which needs no key and no network. Pure: the same
/// subject always gives the same words.
struct BriefTemplate: Hashable, Sendable {
  /// Name of this method, stored with every brief.
  static let method = "template"

  struct ObjectionAnswer: Hashable, Sendable {
    var objection: String
    var answer: String
  }

  var leadSummary: String
  var companyContext: String
  var painPoints: [String]
  var talkingPoints: [String]
  var objections: [ObjectionAnswer]
  var goal: String
  var instructions: String
  var greeting: String
  var voicemailScript: String

  init(_ subject: CallSubject) {
    leadSummary = Self.summary(of: subject)
    companyContext =
      subject.company.isEmpty ? "Nothing is known of the lead's company." : "The lead works at \(subject.company)."
    painPoints = subject.attributes.filter { $0.name.contains("pain") }.map(\.value)
    talkingPoints = Self.talkingPoints(of: subject)
    objections = Self.objectionAnswers(of: subject)
    goal = Self.goal(of: subject)
    greeting = Self.greeting(of: subject)
    voicemailScript = Self.voicemail(of: subject)
    instructions = ""
    instructions = Self.instructions(of: subject, template: self)
  }

  private static func summary(of subject: CallSubject) -> String {
    var parts = [subject.personName + (subject.company.isEmpty ? "" : " of \(subject.company)")]
    parts += subject.attributes.map { "\($0.name): \($0.value)" }
    parts.append(subject.attemptNumber == 1 ? "first call" : "call number \(subject.attemptNumber)")
    return parts.joined(separator: "; ")
  }

  private static func goal(of subject: CallSubject) -> String {
    switch subject.purpose {
    case .qualifyLead: "Find out whether \(subject.personName) has a need, a budget and a date, and who decides."
    case .confirmAppointment: "Confirm the date, the time and the place of the appointment."
    case .followUp: "Hear how the service went, and take a complaint seriously if there is one."
    case .consumerCallback: "Hear what the caller needs and pass it to the right person."
    }
  }

  private static func talkingPoints(of subject: CallSubject) -> [String] {
    var points = subject.scriptGuidance.isEmpty ? [] : [subject.scriptGuidance]
    if let interest = subject.attributes.first(where: { $0.name == "interest" }) {
      points.append("They showed an interest in: \(interest.value).")
    }
    return points
  }

  private static func objectionAnswers(of subject: CallSubject) -> [ObjectionAnswer] {
    [
      .init(objection: "No time", answer: "Offer to call again at a time that suits them, and ask for it."),
      .init(objection: "Not interested", answer: "Accept it at the first word, thank them and say goodbye."),
      .init(
        objection: "Are you a robot?",
        answer: "Yes: an AI assistant calling for \(subject.businessName). Offer a call from a person."),
      .init(objection: "Take me off your list", answer: "Confirm that they will not be called again, and say goodbye."),
    ]
  }

  /// The first words: who calls, that it is an AI, and that the call is recorded where the campaign says so.
  private static func greeting(of subject: CallSubject) -> String {
    let name = subject.firstName.isEmpty ? "Hello" : "Hello, is this \(subject.firstName)"
    let disclosure = subject.disclosesRecording ? " This call is recorded." : ""
    return "\(name)? This is \(subject.agentName), an AI assistant calling for \(subject.businessName).\(disclosure)"
  }

  private static func voicemail(of subject: CallSubject) -> String {
    guard let script = subject.voicemail else { return "" }
    if !script.isEmpty { return script }
    return "Hello, this is \(subject.agentName), an AI assistant calling for \(subject.businessName). "
      + "Sorry to have missed you, we will try again. Thank you, goodbye."
  }

  private static func instructions(of subject: CallSubject, template: BriefTemplate) -> String {
    var lines = [
      "You are a voice agent on a telephone call. Speak briefly and politely, one question at a time.",
      "",
      "Agent name: \(subject.agentName)",
      "Business: \(subject.businessName)",
      "Lead: \(subject.personName)",
      "Goal: \(template.goal)",
      "Open with: \(template.greeting)",
      "",
      "Rules:",
      "- Say within the first ten seconds that you are an AI and for which business you call.",
      "- If this is the wrong person or number, apologise and end the call.",
      "- If they ask not to be called again, confirm that they will not be and end the call.",
      "- If they ask for another time, repeat the time back and end the call.",
      "- If they decline, thank them and end the call. Never press.",
      "- Offer a call from a person when they ask for one.",
      "- When you are done, say goodbye and call the function end_call.",
    ]
    if !subject.questions.isEmpty {
      lines += ["", "Questions to ask:"]
      lines += subject.questions.map { "- \($0.field): \($0.ask)" }
    }
    lines += ["", "What you know: \(template.leadSummary). \(template.companyContext)"]
    if !template.talkingPoints.isEmpty {
      lines += ["", "Talk about:"] + template.talkingPoints.map { "- \($0)" }
    }
    lines += ["", "When they say, do:"] + template.objections.map { "- \($0.objection): \($0.answer)" }
    return lines.joined(separator: "\n")
  }
}
