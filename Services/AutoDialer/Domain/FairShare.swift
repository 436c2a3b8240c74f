/// Shares what is scarce among those who want it: max-min fair, with rotation for what does not divide. Pure.
///
/// Nobody gets more than it wants, and nobody's share could grow except from somebody who has no more than one above it.
/// What does not divide goes round by key: whoever keeps wanting gets something within ⌈n / available⌉ rounds, n being
/// all who ever want in that time, however much the others want.
struct FairShare<Key: Comparable & Sendable>: Sendable {
  /// The last who got one of what did not divide; the next in order is the first to get one now.
  private(set) var last: Key?

  /// - Parameters:
  ///   - available: Nil: as much as anybody wants.
  ///   - demands: Each key once.
  /// - Returns: The shares, in the order of `demands`.
  mutating func split(available: Int?, demands: [(key: Key, wanted: Int)]) -> [Int] {
    guard let available else { return demands.map { max(0, $0.wanted) } }
    var shares = demands.map { _ in 0 }
    var left = max(0, available)
    // In the order of the rotation, those who still want.
    let sorted = demands.indices.filter { demands[$0].wanted > 0 }.sorted { demands[$0].key < demands[$1].key }
    let first = last.flatMap { last in sorted.firstIndex { demands[$0].key > last } } ?? 0
    var hungry = Array(sorted[first...] + sorted[..<first])
    while left >= hungry.count, !hungry.isEmpty {
      let least = hungry.map { demands[$0].wanted - shares[$0] }.min() ?? 0
      let each = min(left / hungry.count, least)
      for index in hungry { shares[index] += each }
      left -= each * hungry.count
      hungry.removeAll { demands[$0].wanted == shares[$0] }
    }
    for index in hungry.prefix(left) {
      shares[index] += 1
      last = demands[index].key
    }
    return shares
  }
}
