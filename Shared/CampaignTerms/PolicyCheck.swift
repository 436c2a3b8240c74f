import Core
import RingmasterMessages
import Telephony
import Wire

/// Reads the fields of a policy one by one and remembers everything that is wrong, so that people hear it all at once.
/// Each method answers something usable even for a faulty field; the answer counts only when no fault was found.
struct PolicyCheck {
  private(set) var problems: [CampaignTerms.Problem] = []

  static let operators: Set<String> = [
    "==", "!=", ">=", ">", "<=", "<", "in", "not_in", "contains", "contains_any", "contains_all", "exists",
  ]

  mutating func fault(_ field: String, _ message: String) {
    problems.append(.init(field: field, message: message))
  }

  mutating func require(_ value: String, _ field: String, _ meaning: String) {
    if value.isEmpty { fault(field, "is missing: \(meaning)") }
  }

  mutating func text(_ value: String, _ field: String, longest: Int) -> String {
    if value.isEmpty { fault(field, "is missing") }
    if value.count > longest { fault(field, "is \(value.count) characters long; at most \(longest) are allowed") }
    return value
  }

  mutating func number(_ value: Int32, _ field: String, _ range: ClosedRange<Int32>) -> Int {
    if !range.contains(value) { fault(field, "\(value) is outside \(range.lowerBound) to \(range.upperBound)") }
    return Int(value)
  }

  /// Zero means that there is no limit.
  mutating func limit(_ value: Int32, _ field: String) -> Int? {
    if value < 0 { fault(field, "must not be negative; 0 means no limit") }
    return value <= 0 ? nil : Int(value)
  }

  mutating func callType(_ value: RingmasterMessages.CallType) -> Telephony.CallType {
    if let type = Telephony.CallType(value) { return type }
    if value != .unspecified { fault("policy.callType", "is not a known call type") }
    return .qualifyLead
  }

  mutating func provider(_ value: String) {
    if !value.isEmpty && value != "twilio" { fault("policy.provider", "\"\(value)\" is not known; \"twilio\" is") }
  }

  mutating func callerIDs(_ values: [String], fromPool: Bool) -> [String] {
    if values.isEmpty && !fromPool {
      fault(
        "policy.callerIds",
        "at least one number to call from is needed, in E.164 (+15005550006), or policy.callerIdTier for the pool's")
    }
    if !values.isEmpty && fromPool { fault("policy.callerIds", "must be empty when policy.callerIdTier is given") }
    for (index, value) in values.enumerated() {
      // Not the numbering plan's rules: a provider's own test numbers are caller ids too.
      let digits = value.dropFirst()
      if !value.hasPrefix("+") || !(7...15).contains(digits.count) || !digits.allSatisfy({ $0.isASCII && $0.isNumber })
      {
        fault("policy.callerIds[\(index)]", "\"\(value)\" is not E.164: + and 7 to 15 digits")
      }
    }
    return values
  }

  mutating func windows(_ values: [RingmasterMessages.CallWindow], excluding dates: [CivilDate]) -> CallWindows {
    let windows = values.map {
      Telephony.CallWindow(
        weekday: Int($0.weekday), startMinute: Int($0.startMinute), endMinute: Int($0.endMinute))
    }
    do {
      return try CallWindows(windows.isEmpty ? CallWindows.standard.windows : windows, excludedDates: dates)
    } catch {
      fault("policy.call_\(error.field)", error.message)
      return .standard
    }
  }

  mutating func zone(_ name: String) -> TimeZoneRules? {
    if let zone = TimeZoneRules.named(name.isEmpty ? "UTC" : name) { return zone }
    fault("policy.timeZone", "\"\(name)\" is no IANA time zone, such as America/New_York")
    return nil
  }

  mutating func retries(_ policy: CampaignPolicy) -> RetryPolicy {
    if policy.retryRules.isEmpty {
      if let preset = RetryPolicy.preset(named: policy.retryPolicy.isEmpty ? "standard" : policy.retryPolicy) {
        return preset
      }
      let known = RetryPolicy.presets.map(\.name).joined(separator: ", ")
      fault("policy.retryPolicy", "\"\(policy.retryPolicy)\" is not known; known are \(known)")
      return .standard
    }
    var rules: [Telephony.CallOutcome: Telephony.RetryRule] = [:]
    for (index, rule) in policy.retryRules.enumerated() {
      let field = "policy.retryRules[\(index)]"
      guard let outcome = Telephony.CallOutcome(rule.outcome) else {
        fault("\(field).outcome", "is missing or not known")
        continue
      }
      if outcome.isFinalForLead { fault("\(field).outcome", "\(outcome.rawValue) is final and never tried again") }
      if rules[outcome] != nil { fault("\(field).outcome", "\(outcome.rawValue) has a rule already") }
      if !(0...19).contains(rule.maxRetries) { fault("\(field).maxRetries", "\(rule.maxRetries) is outside 0 to 19") }
      let delays = rule.delays.map(\.duration)
      if delays.contains(where: { $0 < .zero || $0 > .days(365) }) {
        fault("\(field).delays", "must lie between 0s and 365 days")
      }
      guard let day = RetryRule.Day(rule.day) else {
        fault("\(field).day", "is not known")
        continue
      }
      rules[outcome] = Telephony.RetryRule(
        delays: delays, maximumRetries: Int(rule.maxRetries), day: day, differentWindow: rule.differentWindow)
    }
    return RetryPolicy(name: "custom", rules: rules)
  }

  /// Days of a calendar, each once.
  mutating func dates(_ values: [String]) -> [CivilDate] {
    let most = 366
    if values.count > most { fault("policy.excludedDates", "\(values.count) days; at most \(most) are allowed") }
    var dates: Set<CivilDate> = []
    for (index, value) in values.enumerated() {
      guard let date = CivilDate(value) else {
        fault("policy.excludedDates[\(index)]", "\"\(value)\" is no day, such as 2026-12-24")
        continue
      }
      dates.insert(date)
    }
    return dates.sorted()
  }

  mutating func cost(_ value: Int64) -> Int64? {
    if value < 0 { fault("policy.expectedCallCostMicros", "must not be negative; 0 means as the rate card says") }
    return value <= 0 ? nil : value
  }

  mutating func requiredConsent(_ value: ConsentLevel) -> Consent {
    guard let consent = Consent(value), consent != .withdrawn else {
      fault("policy.requiredConsent", "must be unspecified, express or express_written")
      return .expressWritten
    }
    return consent
  }

  /// Personal data is sent there: only over TLS, or on this machine.
  mutating func url(_ value: String, _ field: String) -> String? {
    if value.isEmpty { return nil }
    let isLocal = ["http://127.0.0.1:", "http://localhost:", "http://[::1]:"].contains { value.hasPrefix($0) }
    if value.count > 2000 || !(isLocal || value.hasPrefix("https://") && value.count > 8) {
      fault(field, "must be an https:// address (http:// only on this machine) of at most 2000 characters")
    }
    return value
  }

  mutating func expiry(_ value: ProtobufDuration?) -> Duration? {
    guard let value else { return nil }
    if !(Duration.minutes(1)...Duration.days(3650)).contains(value.duration) {
      fault("policy.leadExpiry", "must lie between 60s and ten years")
    }
    return value.duration
  }

  mutating func duration(_ value: ProtobufDuration?) -> Duration {
    guard let value else { return CampaignTerms.defaultMaxCallDuration }
    if !(Duration.seconds(10)...Duration.seconds(3600)).contains(value.duration) {
      fault("policy.maxCallDuration", "must lie between 10s and 3600s")
    }
    return value.duration
  }

  mutating func instant(_ value: Timestamp?, _ field: String) -> Instant? {
    value.map(\.instant)
  }

  mutating func region(_ value: String) -> String? {
    if value.isEmpty { return nil }
    if value.count != 2 || !value.allSatisfy({ $0.isASCII && $0.isUppercase }) {
      fault("policy.defaultRegion", "\"\(value)\" is no ISO 3166 code, such as US")
    }
    return value
  }

  mutating func criteria(_ values: [Criterion]) {
    for (index, criterion) in values.enumerated() {
      let field = "policy.criteria[\(index)]"
      if criterion.field.isEmpty { fault("\(field).field", "is missing") }
      if !(criterion.weight >= 0 && criterion.weight.isFinite) { fault("\(field).weight", "must be 0 or more") }
      guard Self.operators.contains(criterion.`operator`) else {
        let known = Self.operators.sorted().joined(separator: " ")
        fault("\(field).operator", "\"\(criterion.`operator`)\" is not known; known are \(known)")
        continue
      }
      let count = criterion.values.count
      let takesList = ["in", "not_in", "contains_any", "contains_all"].contains(criterion.`operator`)
      if criterion.`operator` == "exists" ? count != 0 : takesList ? count == 0 : count != 1 {
        let wanted = criterion.`operator` == "exists" ? "no value" : takesList ? "at least one value" : "one value"
        fault("\(field).values", "\(criterion.`operator`) takes \(wanted), not \(count)")
      }
      if values[..<index].contains(where: { $0 == criterion }) { fault(field, "stands there twice") }
    }
  }
}
