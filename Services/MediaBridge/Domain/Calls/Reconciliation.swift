import Core

/// What is known of a call whose placing is in doubt after a time-out or a crash. Pure.
///
/// Asking the provider for it again is never among the answers: that could ring a phone twice.
enum Reconciliation: Hashable, Sendable {
  /// The provider has it.
  case adopt(ListedCall)
  /// Not found, but the provider may still be working on it.
  case lookAgain
  /// Not found after the time in which a request in flight could have arrived: it never was placed.
  case notPlaced

  /// How much earlier than the request a call may seem to have been created, for clocks that differ.
  static let clockTolerance = Duration.seconds(60)

  /// - Parameters:
  ///   - listed: The provider's calls to the number.
  ///   - known: Ids that belong to other calls of ours.
  ///   - hasSettled: Whether the settling time has passed since the provider was asked.
  static func decide(
    to: String, from: String, askedAt: Instant, listed: [ListedCall], known: Set<ProviderCallID>, hasSettled: Bool
  ) -> Reconciliation {
    let candidates = listed.filter { call in
      call.to == to && call.from == from && !known.contains(call.report.id)
        && (call.createdAt.map { $0 >= askedAt - clockTolerance } ?? true)
    }
    // Of several the first created is the one: later requests come from later attempts, which have not been made yet.
    let first = candidates.min { ($0.createdAt ?? .distantPast) < ($1.createdAt ?? .distantPast) }
    if let first { return .adopt(first) }
    return hasSettled ? .notPlaced : .lookAgain
  }
}
