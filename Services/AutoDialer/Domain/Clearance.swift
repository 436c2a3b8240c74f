import Core

/// What somebody else said about whether a number or a lead may be called, and until when that holds.
struct Clearance: Hashable, Sendable {
  enum Kind: String, Hashable, Sendable, CaseIterable {
    /// A public do-not-call register, asked about a number.
    case wash
    /// The campaign's own system, asked about a lead.
    case eligibility
  }

  enum Verdict: String, Hashable, Sendable, CaseIterable {
    /// A question: nobody has answered it, or not in a way that can be understood.
    case unanswered
    case clear
    case refused
  }

  /// What is asked of whom.
  struct Key: Hashable, Sendable {
    let kind: Kind
    let subject: String

    init(kind: Kind, subject: String) {
      self.kind = kind
      self.subject = subject
    }

    static func wash(_ number: String) -> Key { Key(kind: .wash, subject: number) }

    /// The address is part of the question: what another system once said does not count.
    static func eligibility(_ lead: LeadID, url: String) -> Key { Key(kind: .eligibility, subject: "\(lead) \(url)") }

    /// Of an eligibility question.
    var url: String { subject.split(separator: " ", maxSplits: 1).last.map(String.init) ?? "" }
  }

  var verdict: Verdict
  /// In the words of whoever answered, or what went wrong.
  var reason: String
  var checkedAt: Instant
  /// Until then the verdict holds; of a question: it is not asked again before.
  var expiresAt: Instant
  /// Times in a row that it was asked in vain.
  var tries = 0

  /// Whether it is time to ask, for the first time or again.
  func isAsked(now: Instant) -> Bool { now >= expiresAt }

  /// How long a register's word protects (Do Not Call Register Act 2006; the register's own washing rules: 30 days).
  static let washLife = Duration.days(30)
  /// How long the campaign's own system may be remembered for.
  static let longestEligibility = Duration.days(1)
  /// After a vain try.
  private static let retry = Backoff(initial: .seconds(30), maximum: .hours(1))

  /// An answer that was none: it is asked again later, and until then nobody is called.
  static func failed(
    _ reason: String, tries: Int, at now: Instant, using generator: inout some RandomNumberGenerator
  ) -> Clearance {
    Clearance(
      verdict: .unanswered, reason: reason, checkedAt: now,
      expiresAt: now + retry.delay(attempt: tries + 1, using: &generator), tries: tries + 1)
  }
}
