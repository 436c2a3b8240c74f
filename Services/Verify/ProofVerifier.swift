import Core
import Telephony

/// A rule that a line breaks.
struct Fault: Hashable {
  var rule: String
  var detail: String
}

/// Goes through a proof once, in the order of its lines: header, campaign versions, do-not-call entries, then each lead
/// with its permits, trailer.
public struct ProofVerifier {
  /// A line that is not as it has to be.
  public struct Finding: Hashable, Sendable, CustomStringConvertible {
    /// From 1; the line after the last one for what is missing.
    public var line: Int
    /// Stable name of the rule that it breaks.
    public var rule: String
    public var detail: String
    public var description: String { "line \(line): \(rule): \(detail)" }
  }

  /// What was found.
  public struct Report: Sendable {
    public var rows = 0
    public var campaigns = 0
    public var doNotCall = 0
    public var leads = 0
    public var permits = 0
    /// Permits that the bridge took.
    public var placed = 0
    public var withdrawn = 0
    /// The first ones; `faults` counts all.
    public var findings: [Finding] = []
    public var faults = 0
    /// Of the last line that belongs to the chain: kept elsewhere, it shows that nothing was exported anew.
    public var seal = ""
    public var isClean: Bool { faults == 0 }
  }

  private static let mostFindings = 100

  private var report = Report()
  private var chain = ProofChain()
  private var header: ProofHeader?
  private var trailer: ProofTrailer?
  private var versions: [CampaignVersion] = []
  private var doNotCall: [String: [DoNotCallRow]] = [:]
  private var lead: [LeadVersion] = []
  private var permitsOfLead: [PermitRow] = []
  private var finishedLeads: Set<LeadID> = []
  /// For the limits on days and minutes, which only show in the order of time.
  private var grants: [(at: Instant, version: Int, line: Int, left: Bool)] = []
  private var isBroken = false

  public init() {}

  /// Takes the next line, without its line feed.
  public mutating func take(_ line: ArraySlice<UInt8>) {
    report.rows += 1
    guard !isBroken else { return }
    do throws(RowFault) {
      let row = try ProofRow(try chain.next(line))
      report.seal = chain.hash
      check(row)
    } catch {
      // What follows a broken link cannot be trusted, so it is not looked at.
      isBroken = true
      fault("chain", error.message)
    }
  }

  public consuming func finish() -> Report {
    if !isBroken {
      if header == nil { fault("header", "the proof is empty") }
      if trailer == nil { fault("trailer", "the proof has no trailer: it is not whole", after: 1) }
      checkCaps()
    }
    return report
  }

  private mutating func fault(_ rule: String, _ detail: String, line: Int? = nil, after: Int = 0) {
    report.faults += 1
    guard report.findings.count < Self.mostFindings else { return }
    report.findings.append(Finding(line: (line ?? report.rows) + after, rule: rule, detail: detail))
  }

  private mutating func check(_ row: ProofRow) {
    if trailer != nil { fault("trailer", "a line follows the trailer") }
    if case .header = row {} else if header == nil { fault("header", "the first line is no header") }
    switch row {
    case .header(let header):
      if report.rows != 1 { fault("header", "a second header") }
      self.header = header
    case .campaign(let version):
      report.campaigns += 1
      if let last = versions.last, version.from < last.from || version.version < last.version {
        fault("campaign_order", "campaign versions are not in order")
      }
      versions.append(version)
    case .doNotCall(let entry):
      report.doNotCall += 1
      doNotCall[entry.number, default: []].append(entry)
    case .lead(let version):
      report.leads += 1
      take(version)
    case .permit(let permit):
      report.permits += 1
      take(permit)
    case .trailer(let trailer):
      self.trailer = trailer
      checkCounts(trailer)
    }
  }

  private mutating func take(_ version: LeadVersion) {
    if let last = lead.last, last.lead == version.lead, permitsOfLead.isEmpty {
      if last.until == nil || version.until.map({ $0 < last.until ?? $0 }) ?? false {
        fault("lead_order", "a lead's versions are not in order")
      }
      lead.append(version)
      return
    }
    if let last = lead.last { finishedLeads.insert(last.lead) }
    if finishedLeads.contains(version.lead) { fault("lead_order", "the lead was there before") }
    lead = [version]
    permitsOfLead = []
  }

  private mutating func take(_ permit: PermitRow) {
    if permit.placed != nil { report.placed += 1 }
    if permit.state == "withdrawn" { report.withdrawn += 1 }
    grants.append((permit.granted, permit.version, report.rows, permit.state != "withdrawn"))
    guard let header, lead.last?.lead == permit.lead else {
      return fault("lead", "the permit does not stand with its lead")
    }
    let check = PermitCheck(
      campaign: header.campaign, tenant: header.tenant, versions: versions, doNotCall: doNotCall)
    let then = lead.first { $0.until.map { permit.granted < $0 } ?? true }
    for found in check.faults(permit, lead: then, earlier: permitsOfLead) { fault(found.rule, found.detail) }
    permitsOfLead.append(permit)
  }

  private mutating func checkCounts(_ trailer: ProofTrailer) {
    let stated = [trailer.rows, trailer.campaigns, trailer.doNotCall, trailer.leads, trailer.permits]
    let counted = [report.rows - 1, report.campaigns, report.doNotCall, report.leads, report.permits]
    if stated != counted { fault("trailer", "the trailer counts \(stated), there are \(counted)") }
  }

  /// Each permit within what its own version of the policy allowed for its day and minute.
  private mutating func checkCaps() {
    let byVersion = Dictionary(versions.map { ($0.version, $0) }) { _, last in last }
    var days: [CivilDate: Int] = [:]
    var minutes: [Int64: Int] = [:]
    for grant in grants.sorted(by: { ($0.at, $0.line) < ($1.at, $1.line) }) {
      guard let version = byVersion[grant.version] else { continue }  // Told already, as a permit without a version.
      let day = version.zone.local(at: grant.at).date
      // A call that never left is given back to its day; to its minute it is not.
      if grant.left { days[day, default: 0] += 1 }
      minutes[grant.at.microsecondsSince1970 / 60_000_000, default: 0] += 1
      let inMinute = minutes[grant.at.microsecondsSince1970 / 60_000_000, default: 0]
      if grant.left, let cap = version.callsPerDay, let calls = days[day], calls > cap {
        fault("calls_per_day", "call \(calls) of at most \(cap) on \(day)", line: grant.line)
      }
      if let cap = version.callsPerMinute, inMinute > cap {
        fault("calls_per_minute", "call \(inMinute) of at most \(cap) in its minute", line: grant.line)
      }
    }
  }
}
