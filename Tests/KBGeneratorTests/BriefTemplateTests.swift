import Testing

@testable import KBGenerator

@Suite struct BriefTemplateTests {
  private func subject(_ purpose: CallSubject.Purpose = .qualifyLead, records: Bool = true) -> CallSubject {
    CallSubject(
      purpose: purpose, agentName: "Robin", businessName: "Northwind", scriptGuidance: "Talk about scheduling.",
      fields: ["budget", "team_size"], disclosesRecording: records, voicemail: "", firstName: "Ada", lastName: "Abbott",
      company: "Abbott Dental", attributes: [.init(name: "interest", value: "pricing")], attemptNumber: 1)
  }

  @Test(arguments: CallSubject.Purpose.allCases)
  func theFirstWordsDiscloseWhoAndWhat(_ purpose: CallSubject.Purpose) {
    let brief = BriefTemplate(subject(purpose))
    #expect(brief.greeting.contains("AI assistant calling for Northwind"))
    #expect(brief.greeting.contains("recorded"))
    #expect(brief.instructions.contains(brief.greeting))
  }

  @Test func withoutRecordingNothingIsSaidOfIt() {
    #expect(!BriefTemplate(subject(records: false)).greeting.contains("recorded"))
  }

  @Test func everyFieldIsAskedForOnce() {
    let lines = BriefTemplate(subject()).instructions.split(separator: "\n")
    #expect(lines.count { $0.hasPrefix("- budget: ") } == 1)
    #expect(lines.contains("- team_size: What can you tell me about your team size?"))
  }

  @Test func aVoicemailScriptIsMadeOnlyWhereAMessageIsLeft() {
    #expect(!BriefTemplate(subject()).voicemailScript.isEmpty)
    var silent = subject()
    silent.voicemail = nil
    #expect(BriefTemplate(silent).voicemailScript.isEmpty)
  }

  @Test func theSameSubjectGivesTheSameWords() {
    #expect(BriefTemplate(subject()) == BriefTemplate(subject()))
  }
}
