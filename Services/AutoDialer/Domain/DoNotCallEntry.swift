import Core

/// A number on a do-not-call list, from when to when.
struct DoNotCallEntry: Hashable, Sendable {
  enum Scope: Hashable, Sendable {
    /// Every tenant.
    case global
    case tenant
    case campaign(CampaignID)

    /// The most general first.
    fileprivate var order: Int {
      switch self {
      case .global: 0
      case .tenant: 1
      case .campaign: 2
      }
    }

    /// For people.
    var name: String {
      switch self {
      case .global: "global"
      case .tenant: "tenant's"
      case .campaign: "campaign's"
      }
    }
  }

  enum Source: String, Hashable, Sendable, CaseIterable {
    case `import`
    /// The person said so on a call.
    case optOut = "opt_out"
    case api
    /// A public register said so.
    case wash
  }

  /// E.164.
  var number: String
  var scope: Scope
  var source: Source
  var reason: String
  var actor: String
  var addedAt: Instant
  /// Nil while it holds.
  var removedAt: Instant?

  func isInForce(at time: Instant) -> Bool { addedAt <= time && (removedAt.map { time < $0 } ?? true) }

  /// The entry that forbids calls of `campaign`: the most general, then the oldest. Nil when none does.
  ///
  /// - Parameter entries: Of one number.
  static func forbidding(_ entries: [DoNotCallEntry], campaign: CampaignID?) -> DoNotCallEntry? {
    entries.filter { entry in
      if case .campaign(let own) = entry.scope { own == campaign } else { true }
    }
    .min { ($0.scope.order, $0.addedAt) < ($1.scope.order, $1.addedAt) }
  }
}
