import Core

@testable import Telephony

/// A zone that every tz database has.
func zone(_ name: String) throws -> TimeZoneRules {
  guard let rules = TimeZoneRules.named(name) else { throw MissingZone(name: name) }
  return rules
}

func zones(_ names: String...) throws -> [TimeZoneRules] { try names.map(zone) }

struct MissingZone: Error {
  let name: String
}

/// An instant written as RFC 3339.
func at(_ text: String) throws -> Instant {
  guard let instant = Instant(rfc3339: text) else { throw MalformedInstant(text: text) }
  return instant
}

struct MalformedInstant: Error {
  let text: String
}
