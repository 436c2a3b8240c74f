/// What kind of line a number belongs to, as its country's numbering plan says.
public enum PhoneNumberType: String, Hashable, Sendable, CaseIterable {
  case fixedLine = "fixed_line"
  case mobile
  /// The plan does not tell the two apart (all of North America).
  case fixedLineOrMobile = "fixed_line_or_mobile"
  /// Free for the caller. Companies answer these, not consumers.
  case tollFree = "toll_free"
  /// The caller pays extra for each minute.
  case premiumRate = "premium_rate"
  case sharedCost = "shared_cost"
  case voip
  /// A number that follows its owner over several lines.
  case personalNumber = "personal_number"
  case pager
  /// A company's one number for all its offices ("universal access number").
  case companyWide = "company_wide"
  /// Reaches a mailbox, never a person.
  case voicemailAccess = "voicemail_access"
  case unknown

  /// Whether an ordinary line of a person or an office answers.
  public var isOrdinaryLine: Bool { caution == nil }

  /// What somebody who uploads this number as a lead should know, in one sentence without a full stop, or nil.
  public var caution: String? {
    switch self {
    case .fixedLine, .mobile, .fixedLineOrMobile, .voip, .personalNumber, .companyWide: nil
    case .tollFree: "is a toll-free number: a company's switchboard will answer"
    case .premiumRate: "is a premium-rate number: calling it costs extra for each minute"
    case .sharedCost: "is a shared-cost number: calling it can cost extra"
    case .pager: "is a pager: nobody can talk on it"
    case .voicemailAccess: "is a mailbox: nobody will answer"
    case .unknown: "belongs to no known kind of line"
    }
  }
}
