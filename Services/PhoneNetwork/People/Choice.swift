import Core

/// Chance that is the same whenever the same question is asked: every draw hashes the seed, the number, the attempt and
/// a name for what is drawn, so no draw depends on which others were made before it or when.
struct Choice: Hashable, Sendable {
  let seed: UInt64
  /// E.164.
  let number: String
  /// From 1; 0 for what holds for the person at every attempt.
  let attempt: Int

  init(seed: UInt64, number: String, attempt: Int = 0) {
    self.seed = seed
    self.number = number
    self.attempt = attempt
  }

  func bits(_ name: String) -> UInt64 { hash64(number, String(attempt), name, seed: seed) }

  /// 0..<1, evenly.
  func unit(_ name: String) -> Double { Double(bits(name) >> 11) * 0x1p-53 }

  func isTrue(_ name: String, share: Double) -> Bool { unit(name) < share }

  /// Evenly within `range`.
  func integer(_ name: String, in range: ClosedRange<Int>) -> Int {
    range.lowerBound + Int(unit(name) * Double(range.count))
  }

  /// One of `options`, which is not empty.
  func pick<Element>(_ name: String, from options: [Element]) -> Element {
    options[Int(unit(name) * Double(options.count))]
  }

  /// The option in whose share of the whole weight the draw falls; nil when all weights are zero.
  func weighted<Element>(_ name: String, _ options: [(Element, Double)]) -> Element? {
    let whole = options.reduce(0) { $0 + $1.1 }
    guard whole > 0 else { return nil }
    var left = unit(name) * whole
    for (option, weight) in options where weight > 0 {
      if left < weight { return option }
      left -= weight
    }
    return options.last { $0.1 > 0 }?.0
  }
}
