import Core
import Synchronization
import Telephony

@testable import MediaBridge

/// Sees every call at the carrier and holds it against what was promised. Knows of the services only what operators told
/// them; everything that it finds wrong is kept with the history of the lead.
final class Witness: Sendable {
  /// What operators allowed in a campaign, over time. A change holds from its commit on, and the old terms for as long
  /// as a permit that was given under them may be used.
  struct Terms: Sendable {
    var from: Instant
    var windows: [(weekday: Int, start: Int, end: Int)]
    var concurrency: Int
    var callsPerLead: Int
  }

  private struct CampaignView {
    var terms: [Terms] = []
    /// Since when it was paused or stopped.
    var haltedAt: Instant?
    var live = 0
    var mostLive = 0
  }

  private struct State {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    var campaigns: [CampaignID: CampaignView] = [:]
    var zones: [String: TimeZoneRules] = [:]
    /// Calls by attempt.
    var attempts: [CallID: Int] = [:]
    var asked: [CallID: Int] = [:]
    var calls: [LeadID: Int] = [:]
    var liveLeads: [LeadID: Int] = [:]
    var optedOut: Set<LeadID> = []
    var histories: [LeadID: [String]] = [:]
    var violations: [String] = []
    var placed = 0
    var endedAt: [CallID: Instant] = [:]
  }

  /// How long after a change the old terms may still be acted on: news of it, a permit's life, a request's way.
  static let grace = Duration.seconds(900)
  /// Clocks of machines differ by so much.
  static let tolerance = Duration.seconds(2)

  private let state = Mutex(State())
  private let mostViolations = 20

  var placedCalls: Int { state.withLock { $0.placed } }
  var hash: UInt64 { state.withLock { $0.hash } }
  var violations: [String] { state.withLock { $0.violations } }
  var attempts: [CallID: Int] { state.withLock { $0.attempts } }

  func ended(_ call: CallID) -> Instant? { state.withLock { $0.endedAt[call] } }

  // MARK: What operators say

  func allow(_ campaign: CampaignID, _ terms: Terms) {
    state.withLock { $0.campaigns[campaign, default: .init()].terms.append(terms) }
  }

  /// The campaign was paused or stopped, or goes on.
  func halt(_ campaign: CampaignID, at: Instant?) { state.withLock { $0.campaigns[campaign]?.haltedAt = at } }

  /// Where a number is.
  func locate(_ phone: String, _ zone: TimeZoneRules) { state.withLock { $0.zones[phone] = zone } }

  // MARK: What happens

  func asked(_ order: CallOrder, at now: Instant) {
    state.withLock { state in
      state.asked[order.call, default: 0] += 1
      note(&state, order.lead, now, "asked for \(order.call) (attempt \(order.attemptNumber))")
    }
  }

  func placed(_ call: CarrierCall, askedAt: Instant, at now: Instant) {
    let order = call.order
    state.withLock { state in
      state.placed += 1
      state.attempts[order.call, default: 0] += 1
      state.calls[order.lead, default: 0] += 1
      state.liveLeads[order.lead, default: 0] += 1
      note(&state, order.lead, now, "placed \(order.call) to \(order.to) as \(call.id)")
      if state.attempts[order.call] != 1 { blame(&state, order, now, "an attempt was placed twice") }
      if state.liveLeads[order.lead] != 1 { blame(&state, order, now, "a lead is called while it is on a call") }
      if state.optedOut.contains(order.lead) { blame(&state, order, now, "a call after the lead had opted out") }
      var view = state.campaigns[order.campaign] ?? .init()
      view.live += 1
      view.mostLive = max(view.mostLive, view.live)
      state.campaigns[order.campaign] = view
      judge(&state, call, view, askedAt: askedAt, now: now)
    }
  }

  func ended(_ call: CarrierCall, at now: Instant) {
    state.withLock { state in
      state.campaigns[call.order.campaign]?.live -= 1
      state.liveLeads[call.order.lead, default: 1] -= 1
      state.endedAt[call.order.call] = now
      note(&state, call.order.lead, now, "ended \(call.order.call): \(call.status.rawValue)")
    }
  }

  /// The scorer has heard somebody ask not to be called again.
  func optedOut(_ lead: LeadID, at now: Instant) {
    state.withLock { state in
      state.optedOut.insert(lead)
      note(&state, lead, now, "opted out")
    }
  }

  func blame(_ what: String) {
    state.withLock { state in
      if state.violations.count < mostViolations { state.violations.append(what) }
    }
  }

  func blame(_ what: String, lead: LeadID) {
    state.withLock { state in
      guard state.violations.count < mostViolations else { return }
      let history = (state.histories[lead] ?? []).joined(separator: "\n    ")
      state.violations.append("\(what)\n    \(history)")
    }
  }

  private func judge(_ state: inout State, _ call: CarrierCall, _ view: CampaignView, askedAt: Instant, now: Instant) {
    let order = call.order
    let valid = view.terms.enumerated().filter { index, _ in
      index == view.terms.count - 1 || view.terms[index + 1].from + Self.grace >= now
    }.map(\.element)
    guard !valid.isEmpty else { return blame(&state, order, now, "a call of a campaign that nobody knows") }
    let concurrency = valid.map(\.concurrency).max() ?? 0
    if view.live > concurrency {
      blame(&state, order, now, "\(view.live) calls at once where \(concurrency) are allowed")
    }
    let most = valid.map(\.callsPerLead).max() ?? 0
    if state.calls[order.lead, default: 0] > most { blame(&state, order, now, "more than \(most) calls to a lead") }
    if let haltedAt = view.haltedAt, now > haltedAt + Self.grace {
      blame(&state, order, now, "a call of a campaign that was halted at \(haltedAt)")
    }
    guard let zone = state.zones[order.to] else {
      return blame(&state, order, now, "a call to a number that nobody gave")
    }
    let isOpen = [Duration.zero, Self.tolerance, .zero - Self.tolerance].contains { shift in
      valid.contains { Self.isOpen($0, zone.local(at: askedAt + shift), to: order.to) }
    }
    if !isOpen {
      blame(&state, order, now, "a call outside of its window, at \(zone.local(at: askedAt)) in \(zone.name)")
    }
  }

  /// The campaign's windows within the law, written down once more and simply.
  private static func isOpen(_ terms: Terms, _ local: LocalDateTime, to phone: String) -> Bool {
    let minute = local.minuteOfDay
    let weekday = local.date.weekday
    let law: Range<Int>
    if phone.hasPrefix("+61") {
      law = weekday == 7 ? 0..<0 : weekday == 6 ? 9 * 60..<17 * 60 : 9 * 60..<20 * 60
    } else {
      law = 8 * 60..<21 * 60
    }
    return law.contains(minute)
      && terms.windows.contains { $0.weekday == weekday && $0.start <= minute && minute < $0.end }
  }

  private func blame(_ state: inout State, _ order: CallOrder, _ now: Instant, _ what: String) {
    guard state.violations.count < mostViolations else { return }
    let history = (state.histories[order.lead] ?? []).joined(separator: "\n    ")
    state.violations.append(
      "\(now): \(what) (campaign \(order.campaign), lead \(order.lead), call \(order.call))\n    \(history)")
  }

  private func note(_ state: inout State, _ lead: LeadID, _ now: Instant, _ what: String) {
    for byte in "\(now.microsecondsSince1970) \(lead) \(what)".utf8 {
      state.hash = (state.hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
    }
    state.histories[lead, default: []].append("\(now) \(what)")
  }
}
