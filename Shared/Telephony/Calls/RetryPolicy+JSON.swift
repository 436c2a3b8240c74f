internal import Core
public import JSON

/// What is wrong with a retry policy written as JSON.
public struct RetryPolicyError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Path of the field, such as "rules.busy.delays_seconds[0]".
  public let field: String
  /// What is wrong with it, for people.
  public let message: String
  public var description: String { "\(field): \(message)" }
}

extension RetryPolicy {
  private static let longestDelaySeconds: Int64 = 30 * 86_400
  private static let mostRetries: Int64 = 20

  /// The policy as JSON, in the form that `init(json:)` reads, with rules in the order of `CallOutcome`.
  public var json: JSONValue {
    var byOutcome = JSONObject()
    for outcome in CallOutcome.allCases {
      guard let rule = rules[outcome] else { continue }
      byOutcome[outcome.rawValue] = [
        "delays_seconds": .array(rule.delays.map { .integer($0.components.seconds) }),
        "max_retries": .integer(Int64(rule.maximumRetries)),
        "day": .string(rule.day.rawValue),
        "different_window": .bool(rule.differentWindow),
      ]
    }
    return ["name": .string(name), "version": .integer(Int64(version)), "rules": .object(byOutcome)]
  }

  /// Reads `{"name": …, "version": 1, "rules": {"no_answer": {"delays_seconds": [3600], "max_retries": 2, "day": "any",
  /// "different_window": false}}}`. `version` (1 then) and, in a rule, `day` and `different_window` may be left out. Delays
  /// are whole seconds, up to 30 days; retries up to 20. A rule for an outcome that is never retried is refused, and so are unknown fields.
  public init(json: JSONValue) throws(RetryPolicyError) {
    guard case .object(let object) = json else { throw RetryPolicyError(field: "", message: "must be an object") }
    try Self.refuseUnknown(object, known: ["name", "version", "rules"], path: "")
    guard case .string(let name)? = object["name"], !name.isEmpty else {
      throw RetryPolicyError(field: "name", message: "must be a text that is not empty")
    }
    var version: Int64 = 1
    if let value = object["version"] {
      guard case .integer(let number) = value, (1...Int64(Int32.max)).contains(number) else {
        throw RetryPolicyError(field: "version", message: "must be a number from 1 on")
      }
      version = number
    }
    guard case .object(let byOutcome)? = object["rules"] else {
      throw RetryPolicyError(field: "rules", message: "must be an object with a rule for each outcome to retry")
    }
    var rules: [CallOutcome: RetryRule] = [:]
    for (key, value) in byOutcome {
      guard let outcome = CallOutcome(rawValue: key), !outcome.isFinalForLead else {
        throw RetryPolicyError(field: "rules.\(key)", message: "only no_answer, busy and failed can be retried")
      }
      rules[outcome] = try Self.rule(value, path: "rules.\(key)")
    }
    self.init(name: name, version: Int(version), rules: rules)
  }

  private static func rule(_ json: JSONValue, path: String) throws(RetryPolicyError) -> RetryRule {
    guard case .object(let object) = json else { throw RetryPolicyError(field: path, message: "must be an object") }
    try refuseUnknown(object, known: ["delays_seconds", "max_retries", "day", "different_window"], path: "\(path).")
    guard case .array(let delays)? = object["delays_seconds"] else {
      throw RetryPolicyError(field: "\(path).delays_seconds", message: "must be a list of seconds")
    }
    guard delays.count <= mostRetries else {
      throw RetryPolicyError(field: "\(path).delays_seconds", message: "at most \(mostRetries) delays")
    }
    var durations: [Duration] = []
    for (index, delay) in delays.enumerated() {
      guard case .integer(let seconds) = delay, (0...longestDelaySeconds).contains(seconds) else {
        throw RetryPolicyError(
          field: "\(path).delays_seconds[\(index)]", message: "must be whole seconds, 0 to \(longestDelaySeconds)")
      }
      durations.append(.seconds(seconds))
    }
    guard case .integer(let retries)? = object["max_retries"], (0...mostRetries).contains(retries) else {
      throw RetryPolicyError(field: "\(path).max_retries", message: "must be a number, 0 to \(mostRetries)")
    }
    var rule = RetryRule(delays: durations, maximumRetries: Int(retries))
    if let value = object["day"] {
      guard case .string(let text) = value, let day = RetryRule.Day(rawValue: text) else {
        let choices = RetryRule.Day.allCases.map(\.rawValue).joined(separator: ", ")
        throw RetryPolicyError(field: "\(path).day", message: "must be one of \(choices)")
      }
      rule.day = day
    }
    if let value = object["different_window"] {
      guard case .bool(let different) = value else {
        throw RetryPolicyError(field: "\(path).different_window", message: "must be true or false")
      }
      rule.differentWindow = different
    }
    return rule
  }

  private static func refuseUnknown(
    _ object: JSONObject, known: Set<String>, path: String
  ) throws(RetryPolicyError) {
    for (key, _) in object where !known.contains(key) {
      throw RetryPolicyError(field: path + key, message: "no such field: \(known.sorted().joined(separator: ", "))")
    }
  }
}
