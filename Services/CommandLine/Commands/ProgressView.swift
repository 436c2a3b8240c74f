import Core
import JSON

/// A campaign's progress as lines of text.
struct ProgressView: Sendable {
  let progress: JSONValue

  init(_ progress: JSONValue) {
    self.progress = progress
  }

  var isOver: Bool {
    ["CAMPAIGN_STATE_COMPLETED", "CAMPAIGN_STATE_CANCELLED"].contains(progress.text("state"))
  }

  private var share: Double {
    let leads = progress.number("leads")
    return leads == 0 ? 0 : Double(progress.number("done")) / Double(leads)
  }

  /// All on one line, for drawing over.
  var line: String {
    let time = progress.text("at").prefix(16).map { $0 == "T" ? " " : $0 }
    return "\(String(time)) UTC  \(progressBar(share, width: 24)) \(Int(share * 100)) %"
      + "  done \(progress.number("done"))/\(progress.number("leads"))"
      + "  in flight \(progress.number("inFlight"))  retries \(progress.number("retriesWaiting"))"
      + "  calls \(progress.number("attempts"))  \(dollars(progress.number("costMicros")))"
  }

  var lines: [String] {
    var lines = [
      "\(CampaignCommands.state(progress))  \(progressBar(share)) \(Int(share * 100)) %",
      "leads \(progress.number("leads")), done \(progress.number("done")), remaining \(progress.number("remaining")), "
        + "called \(progress.number("called")), successful \(progress.number("successful"))"
        + (progress["leadsComing"]?.boolValue == true ? "; more leads are coming" : ""),
      "calls \(progress.number("attempts")), in flight \(progress.number("inFlight")), "
        + "retries waiting \(progress.number("retriesWaiting")), cost \(dollars(progress.number("costMicros")))",
    ]
    lines.append("leads by outcome: \(Self.counts(progress["leadsByOutcome"]))")
    lines.append("calls by outcome: \(Self.counts(progress["attemptsByOutcome"]))")
    return lines
  }

  private static func counts(_ value: JSONValue?) -> String {
    let members = (value?.objectValue ?? [:]).sorted { $0.key < $1.key }
    return members.isEmpty
      ? "none yet" : members.map { "\($0.key) \(value?.text($0.key) ?? "")" }.joined(separator: ", ")
  }
}
