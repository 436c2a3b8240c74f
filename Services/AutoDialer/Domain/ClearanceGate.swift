import Core
import Telephony

/// What others must have said before a number may be called, as rules of a decision. Pure; without a word nobody is
/// called.
struct ClearanceGate: Hashable, Sendable {
  /// A register can be asked.
  var canWash: Bool
  /// Questions to the campaigns' own systems can be signed.
  var canSign: Bool

  /// Nobody can be asked.
  static let closed = ClearanceGate(canWash: false, canSign: false)

  /// How long a lead waits for a question to be answered, unless the answer comes first.
  static let answerWait = Duration.seconds(30)
  /// How long it waits where nobody can be asked: somebody has to set that up.
  private static let setupWait = Duration.hours(1)

  /// What can be asked, of what a number needs to be called.
  func keys(_ number: Callee.Number, lead: LeadID, eligibilityURL: String?) -> [Clearance.Key] {
    var keys: [Clearance.Key] = []
    if Self.mustBeWashed(number), canWash { keys.append(.wash(number.phone)) }
    if let eligibilityURL, canSign { keys.append(.eligibility(lead, url: eligibilityURL)) }
    return keys
  }

  /// Numbers of Australia may be called by marketers only when the register has been asked within 30 days, unless the
  /// person has agreed (Do Not Call Register Act 2006, section 11). +61 is Australia with its islands.
  static func mustBeWashed(_ number: Callee.Number) -> Bool {
    number.phone.hasPrefix("+61") && !number.consent.suffices(for: .express)
  }

  /// The verdicts on one number: none where nothing is needed.
  func judge(
    number: Callee.Number, lead: LeadID, eligibilityURL: String?, known: [Clearance.Key: Clearance], now: Instant
  ) -> [GateVerdict] {
    var verdicts: [GateVerdict] = []
    if Self.mustBeWashed(number) {
      verdicts.append(
        canWash
          ? Self.judge(.wash, known[.wash(number.phone)], now: now)
          : Self.unavailable(.wash, "no register is set up to be asked (RINGMASTER_DNC_WASH_URL)", now: now))
    }
    if let eligibilityURL {
      verdicts.append(
        canSign
          ? Self.judge(.eligibility, known[.eligibility(lead, url: eligibilityURL)], now: now)
          : Self.unavailable(
            .eligibility, "questions cannot be signed (RINGMASTER_ELIGIBILITY_SECRET)", now: now))
    }
    return verdicts
  }

  /// Of a wait: the question has to be asked.
  private static func needsReason(_ kind: Clearance.Kind) -> String { "needs_\(kind.rawValue)" }

  /// Whether a lead waits because a question has to be asked.
  static func isNeed(_ reason: String) -> Bool { Clearance.Kind.allCases.contains { needsReason($0) == reason } }

  private static func judge(_ kind: Clearance.Kind, _ known: Clearance?, now: Instant) -> GateVerdict {
    guard let known else { return needed(kind, "nobody was asked yet", now: now) }
    switch known.verdict {
    case .unanswered:
      guard !known.isAsked(now: now) else { return needed(kind, "the answer is awaited", now: now) }
      return .wait(
        until: known.expiresAt, reason: "\(kind.rawValue)_unavailable",
        Finding(kind.rawValue, false, "no answer at \(known.checkedAt.rfc3339): \(known.reason)"))
    case .clear, .refused:
      let end = known.expiresAt
      guard !known.isAsked(now: now) else {
        return needed(kind, "the answer of \(known.checkedAt.rfc3339) is too old", now: now)
      }
      let answer = "\(known.verdict.rawValue) as of \(known.checkedAt.rfc3339), valid until \(end.rfc3339)"
      if known.verdict == .clear { return .pass(Finding(kind.rawValue, true, answer), until: end) }
      return .never(
        reason: kind == .wash ? "wash_listed" : "not_eligible",
        Finding(kind.rawValue, false, known.reason.isEmpty ? answer : "\(answer): \(known.reason)"))
    }
  }

  private static func needed(_ kind: Clearance.Kind, _ detail: String, now: Instant) -> GateVerdict {
    .wait(until: now + answerWait, reason: needsReason(kind), Finding(kind.rawValue, false, detail))
  }

  private static func unavailable(_ kind: Clearance.Kind, _ detail: String, now: Instant) -> GateVerdict {
    .wait(until: now + setupWait, reason: "\(kind.rawValue)_unavailable", Finding(kind.rawValue, false, detail))
  }
}
