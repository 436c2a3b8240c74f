import Core

extension SeededGenerator {
  /// How many of `count` trials succeed, each with the chance `share`.
  mutating func successes(of count: Int, share: Double) -> Int {
    guard count > 0, share > 0 else { return 0 }
    guard share < 1 else { return count }
    if share > 0.5 { return count - successes(of: count, share: 1 - share) }
    let mean = Double(count) * share
    return mean < 30 ? few(of: count, share: share) : many(of: count, share: share)
  }

  /// Goes through the distribution from zero on, which takes as long as there are successes.
  private mutating func few(of count: Int, share: Double) -> Int {
    var chance = power(1 - share, count)
    var rest = Double.random(in: 0..<1, using: &self)
    var successes = 0
    while rest >= chance, successes < count {
      rest -= chance
      successes += 1
      chance *= Double(count - successes + 1) / Double(successes) * share / (1 - share)
    }
    return successes
  }

  /// The sum of many is normal, and so nearly is that of twelve even draws, which has the variance 1.
  private mutating func many(of count: Int, share: Double) -> Int {
    let mean = Double(count) * share
    let normal = (0..<12).reduce(-6) { sum, _ in sum + Double.random(in: 0..<1, using: &self) }
    return min(count, max(0, Int((mean + normal * (mean * (1 - share)).squareRoot()).rounded())))
  }

  private func power(_ base: Double, _ exponent: Int) -> Double {
    var (result, factor, left) = (1.0, base, exponent)
    while left > 0 {
      if left & 1 == 1 { result *= factor }
      factor *= factor
      left >>= 1
    }
    return result
  }
}
