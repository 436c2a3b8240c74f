import Core
import RingmasterMessages
import Synchronization
import Telephony

@testable import MediaBridge

/// Sees every call at the carrier and holds it against what was promised. Knows of the services only what operators told
/// them and what they said; everything that it finds wrong is kept with the history of the lead.
final class Witness: Sendable {
  /// What operators allowed in a campaign, over time. A change holds from its commit on, and the old terms for as long
  /// as a permit that was given under them may be used.
  struct Terms: Sendable {
    var from: Instant
    var windows: [(weekday: Int, start: Int, end: Int)]
    var concurrency: Int
    var callsPerLead: Int
    var consent: ConsentLevel
    /// Numbers that may be shown; empty: those of the pool.
    var callerIDs: Set<String>
    /// In micro-dollars; nil: no limit.
    var budget: Int64?
  }

  /// What operators allowed all campaigns of a tenant together.
  struct TenantTerms: Sendable {
    var from: Instant
    var concurrency: Int?
    /// With the provider, without what is kept for inbound calls.
    var outbound: Int?
  }

  /// The truth about a number.
  struct Phone: Sendable {
    var zone: TimeZoneRules
    var consent: ConsentLevel
  }

  struct CampaignView {
    var terms: [Terms] = []
    /// Since when it was paused or stopped.
    var haltedAt: Instant?
    var live = 0
    /// When operators did something that may change what becomes of its leads.
    var changes: [Instant] = []
  }

  struct TenantView {
    var terms: [TenantTerms] = []
    var live = 0
  }

  /// A list that a number is on; nil: of everybody, of all campaigns.
  struct Ban: Hashable, Sendable {
    var tenant: TenantID?
    var campaign: CampaignID?
  }

  /// A call as it left.
  struct Placement: Sendable {
    var call: CallID
    var tenant: TenantID
    var campaign: CampaignID
    var lead: LeadID
    var to: String
    var grantedAt: Instant
    var at: Instant
  }

  struct State {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    var campaigns: [CampaignID: CampaignView] = [:]
    var tenants: [TenantID: TenantView] = [:]
    var phones: [String: Phone] = [:]
    /// When the word that a number is on a list was first heard.
    var banned: [String: [Ban: Instant]] = [:]
    var washed: [String: Instant] = [:]
    /// When attempts were permitted, as the dialer says.
    var grantedAt: [CallID: Instant] = [:]
    /// Calls by attempt.
    var attempts: [CallID: Int] = [:]
    var calls: [LeadID: Int] = [:]
    var liveLeads: [LeadID: Int] = [:]
    var optedOut: Set<LeadID> = []
    var placements: [Placement] = []
    var placementsOf: [LeadID: [Int]] = [:]
    var promises: [LeadID: Promise] = [:]
    var histories: [LeadID: [Note]] = [:]
    var violations: [String] = []
    var endedAt: [CallID: Instant] = [:]
    var counts: [String: Int] = [:]
  }

  /// A line of a lead's history, put into words when somebody wants to read it.
  struct Note: Sendable {
    enum What: Sendable {
      case asked, placed, ended, optedOut
    }

    var at: Instant
    var what: What
    var call: CallID?
    var detail: String
  }

  /// How long after a change the old terms may still be acted on: news of it, a permit's life, a request's way.
  static let grace = Duration.seconds(900)
  /// Clocks of machines differ by so much.
  static let tolerance = Duration.seconds(2)

  let state = Mutex(State())
  private let mostViolations = 20

  var placedCalls: Int { state.withLock { $0.placements.count } }
  var hash: UInt64 { state.withLock { $0.hash } }
  var violations: [String] { state.withLock { $0.violations } }
  var attempts: [CallID: Int] { state.withLock { $0.attempts } }
  var counts: [String: Int] { state.withLock { $0.counts } }

  func count(_ what: String) { state.withLock { $0.counts[what, default: 0] += 1 } }

  func ended(_ call: CallID) -> Instant? { state.withLock { $0.endedAt[call] } }

  // MARK: What operators say

  func allow(_ campaign: CampaignID, _ terms: Terms) {
    state.withLock { $0.campaigns[campaign, default: .init()].terms.append(terms) }
  }

  /// The most that a campaign was ever allowed to spend; nil: anything.
  func budget(of campaign: CampaignID) -> Int64? {
    state.withLock { state in
      let budgets = state.campaigns[campaign]?.terms.map(\.budget) ?? []
      return budgets.contains(nil) ? nil : budgets.compactMap { $0 }.max()
    }
  }

  /// From now on the tenant's limits may be these; nil leaves one as it was.
  func allow(_ tenant: TenantID, from instant: Instant, _ change: (inout TenantTerms) -> Void) {
    state.withLock { state in
      var terms = state.tenants[tenant]?.terms.last ?? TenantTerms(from: instant)
      terms.from = instant
      change(&terms)
      state.tenants[tenant, default: .init()].terms.append(terms)
    }
  }

  /// The campaign was paused or stopped, or goes on.
  func halt(_ campaign: CampaignID, at: Instant?) { state.withLock { $0.campaigns[campaign]?.haltedAt = at } }

  func isHalted(_ campaign: CampaignID) -> Bool { state.withLock { $0.campaigns[campaign]?.haltedAt != nil } }

  /// Somebody does something that may change what becomes of the campaign's leads.
  func change(_ campaign: CampaignID, at now: Instant) {
    state.withLock { $0.campaigns[campaign, default: .init()].changes.append(now) }
  }

  /// Where a number is, and what its owner agreed to.
  func locate(_ phone: String, _ truth: Phone) { state.withLock { $0.phones[phone] = truth } }

  /// The number is on a list from now on.
  func ban(_ number: String, _ ban: Ban, at now: Instant) {
    state.withLock { state in
      if state.banned[number]?[ban] == nil { state.banned[number, default: [:]][ban] = now }
    }
  }

  /// The register was asked about the numbers.
  func washed(_ numbers: [String], at now: Instant) {
    state.withLock { state in for number in numbers { state.washed[number] = now } }
  }

  // MARK: What happens

  func asked(_ order: CallOrder, at now: Instant) {
    state.withLock { note(&$0, order.lead, Note(at: now, what: .asked, call: order.call, detail: "")) }
  }

  /// The dialer asks the bridge for a call, just after its last look at the lists.
  func requested(_ permit: DialPermit, tenant: TenantID, at now: Instant) {
    guard let expiresAt = permit.expiresAt?.instant, expiresAt > now, let campaign = CampaignID(permit.campaignId),
      let lead = LeadID(permit.leadId), let call = CallID(permit.callId)
    else { return }
    state.withLock { state in
      state.grantedAt[call] = permit.grantedAt?.instant
      guard Self.banned(permit.to, tenant, campaign, in: state) != nil else { return }
      blame(&state, "\(now): the bridge was asked for a call to \(permit.to), which is on a list", lead: lead)
    }
  }

  static func banned(_ number: String, _ tenant: TenantID, _ campaign: CampaignID, in state: State) -> Instant? {
    guard let bans = state.banned[number] else { return nil }
    return [
      Ban(), Ban(tenant: tenant), Ban(tenant: tenant, campaign: campaign),
    ].compactMap { bans[$0] }.min()
  }

  func placed(_ call: CarrierCall, askedAt: Instant, at now: Instant) {
    let order = call.order
    state.withLock { state in
      state.placementsOf[order.lead, default: []].append(state.placements.count)
      state.placements.append(
        Placement(
          call: order.call, tenant: order.tenant, campaign: order.campaign, lead: order.lead, to: order.to,
          grantedAt: state.grantedAt[order.call] ?? order.grantedAt, at: now))
      state.attempts[order.call, default: 0] += 1
      state.calls[order.lead, default: 0] += 1
      state.liveLeads[order.lead, default: 0] += 1
      note(&state, order.lead, Note(at: now, what: .placed, call: order.call, detail: order.to))
      if state.attempts[order.call] != 1 { blame(&state, order, now, "an attempt was placed twice") }
      if state.liveLeads[order.lead] != 1 { blame(&state, order, now, "a lead is called while it is on a call") }
      if state.optedOut.contains(order.lead) { blame(&state, order, now, "a call after the lead had opted out") }
      state.campaigns[order.campaign, default: .init()].live += 1
      state.tenants[order.tenant, default: .init()].live += 1
      judge(&state, call, askedAt: askedAt, now: now)
    }
  }

  func ended(_ call: CarrierCall, at now: Instant) {
    state.withLock { state in
      state.campaigns[call.order.campaign]?.live -= 1
      state.tenants[call.order.tenant]?.live -= 1
      state.liveLeads[call.order.lead, default: 1] -= 1
      state.endedAt[call.order.call] = now
      note(&state, call.order.lead, Note(at: now, what: .ended, call: call.order.call, detail: call.status.rawValue))
    }
  }

  /// The scorer has heard somebody ask not to be called again.
  func optedOut(_ lead: LeadID, at now: Instant) {
    state.withLock { state in
      state.optedOut.insert(lead)
      note(&state, lead, Note(at: now, what: .optedOut, call: nil, detail: ""))
    }
  }

  // MARK: Violations

  func blame(_ what: String) {
    state.withLock { state in
      if state.violations.count < mostViolations { state.violations.append(what) }
    }
  }

  func blame(_ what: String, lead: LeadID) { state.withLock { blame(&$0, what, lead: lead) } }

  func blame(_ state: inout State, _ order: CallOrder, _ now: Instant, _ what: String) {
    blame(
      &state, "\(now): \(what) (campaign \(order.campaign), lead \(order.lead), call \(order.call))",
      lead: order.lead)
  }

  func blame(_ state: inout State, _ what: String, lead: LeadID) {
    guard state.violations.count < mostViolations else { return }
    let history = (state.histories[lead] ?? []).map { "\n    \($0)" }.joined()
    state.violations.append("\(what)\(history)")
  }

  private func note(_ state: inout State, _ lead: LeadID, _ note: Note) {
    for word in [UInt64(bitPattern: note.at.microsecondsSince1970), lead.value.low, note.call?.value.low ?? 0] {
      state.hash = (state.hash ^ word) &* 0x0000_0100_0000_01b3
      state.hash ^= state.hash >> 29
    }
    state.histories[lead, default: []].append(note)
  }
}

extension Witness.Note: CustomStringConvertible {
  var description: String {
    let call = call.map { " \($0)" } ?? ""
    return switch what {
    case .asked: "\(at) asked for\(call)"
    case .placed: "\(at) placed\(call) to \(detail)"
    case .ended: "\(at) ended\(call): \(detail)"
    case .optedOut: "\(at) opted out"
    }
  }
}
