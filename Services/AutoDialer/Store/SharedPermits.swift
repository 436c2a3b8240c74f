import Core
import RingmasterMessages
import Wire

/// What the permits of one claim have in common: few are there, since the leads of a claim are in few places and are called
/// for the same reasons. Each is kept once, and an attempt keeps what is its own.
struct SharedPermits: Sendable {
  private struct Grounds: Hashable {
    var expiresAt: Instant
    var findings: [Finding]

    /// The last one tells most apart that differ at all, such as what a register said of a number.
    func hash(into hasher: inout Hasher) {
      hasher.combine(expiresAt)
      hasher.combine(findings.last)
    }
  }

  /// When they are granted and expire, under which policy, and why.
  private(set) var all: [DialPermit] = []
  private var places: [Grounds: Int] = [:]

  /// Where in `all` the one for a permission is.
  mutating func place(of permission: DialDecision.Permission, rules: CampaignRules, now: Instant) -> Int {
    let grounds = Grounds(expiresAt: permission.expiresAt, findings: permission.findings)
    if let place = places[grounds] { return place }
    var permit = DialPermit()
    permit.grantedAt = Timestamp(now)
    permit.expiresAt = Timestamp(permission.expiresAt)
    permit.policyVersion = Int32(rules.policyVersion)
    permit.evidence = permission.findings.map(\.description)
    all.append(permit)
    places[grounds] = all.count - 1
    return all.count - 1
  }
}
