import Core
import RingmasterMessages
import Telephony

@testable import MediaBridge

/// What each call is held against. Written down once more and simply, apart from the services' own rules.
extension Witness {
  /// A permit may be used for so long; a request that is on its way then arrives a little later.
  private static let permitLife = Duration.seconds(300 + 15)
  private static let washLife = Duration.days(30)

  func judge(_ state: inout State, _ call: CarrierCall, askedAt: Instant, now: Instant) {
    let order = call.order
    guard let view = state.campaigns[order.campaign], !view.terms.isEmpty else {
      return blame(&state, order, now, "a call of a campaign that nobody knows")
    }
    let valid = Self.valid(view.terms, at: now, from: \.from)
    let concurrency = valid.map(\.concurrency).max() ?? 0
    if view.live > concurrency {
      blame(&state, order, now, "\(view.live) calls at once where \(concurrency) are allowed")
    }
    let most = valid.map(\.callsPerLead).max() ?? 0
    if state.calls[order.lead, default: 0] > most { blame(&state, order, now, "more than \(most) calls to a lead") }
    if let haltedAt = view.haltedAt, now > haltedAt + Self.grace {
      blame(&state, order, now, "a call of a campaign that was halted at \(haltedAt)")
    }
    if !valid.contains(where: { $0.callerIDs.isEmpty || $0.callerIDs.contains(order.from) }) {
      blame(&state, order, now, "\(order.from) was shown, which is none of the campaign's numbers")
    }
    judgeTenant(&state, order, now)
    judgeLists(&state, order, now)
    guard let phone = state.phones[order.to] else {
      return blame(&state, order, now, "a call to a number that nobody gave")
    }
    judgeConsent(&state, order, phone, valid, now)
    let isOpen = [Duration.zero, Self.tolerance, .zero - Self.tolerance].contains { shift in
      valid.contains { Self.isOpen($0, phone.zone.local(at: askedAt + shift), to: order.to) }
    }
    if !isOpen {
      blame(
        &state, order, now, "a call outside of its window, at \(phone.zone.local(at: askedAt)) in \(phone.zone.name)")
    }
  }

  /// The terms that a call of now may have been permitted under.
  private static func valid<T>(_ terms: [T], at now: Instant, from: KeyPath<T, Instant>) -> [T] {
    terms.enumerated().filter { index, _ in
      index == terms.count - 1 || terms[index + 1][keyPath: from] + grace >= now
    }.map(\.element)
  }

  private func judgeTenant(_ state: inout State, _ order: CallOrder, _ now: Instant) {
    guard let tenant = state.tenants[order.tenant], !tenant.terms.isEmpty else { return }
    let valid = Self.valid(tenant.terms, at: now, from: \.from)
    // Before the first limits were said there were none.
    let isEarly = tenant.terms[0].from + Self.grace >= now
    for (what, limit) in [("tenant", \TenantTerms.concurrency), ("provider", \.outbound)] {
      let limits = valid.map { $0[keyPath: limit] }
      guard !isEarly, !limits.contains(nil), let most = limits.compactMap({ $0 }).max(), tenant.live > most else {
        continue
      }
      blame(&state, order, now, "\(tenant.live) calls at once where the \(what) allows \(most)")
    }
  }

  /// A request that was under way when its number came onto a list may still arrive, as long as its permit may be used.
  private func judgeLists(_ state: inout State, _ order: CallOrder, _ now: Instant) {
    guard let since = Self.banned(order.to, order.tenant, order.campaign, in: state) else { return }
    if now > since + Self.permitLife {
      blame(&state, order, now, "a call to \(order.to), which has been on a list since \(since)")
    } else {
      state.counts["calls that were under way when their number came onto a list", default: 0] += 1
    }
  }

  private func judgeConsent(
    _ state: inout State, _ order: CallOrder, _ phone: Phone, _ valid: [Terms], _ now: Instant
  ) {
    let isEnough = valid.contains { terms in
      switch (terms.consent, phone.consent) {
      case (_, .withdrawn): false
      case (.express, .express), (.express, .expressWritten), (.expressWritten, .expressWritten): true
      case (.unspecified, _): true
      default: false
      }
    }
    if !isEnough { blame(&state, order, now, "a call to a number whose owner did not agree: \(phone.consent)") }
    guard order.to.hasPrefix("+61"), phone.consent == .unspecified else { return }
    if Register.lists(order.to) { blame(&state, order, now, "a call to a number that the register has") }
    guard let washedAt = state.washed[order.to], order.grantedAt < washedAt + Self.washLife + Self.tolerance else {
      return blame(&state, order, now, "a call to a number that the register was not asked about in time")
    }
  }

  /// The campaign's windows within the law.
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
}
