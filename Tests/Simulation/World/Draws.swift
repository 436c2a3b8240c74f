import Core
import Synchronization

/// Everything that a run leaves to chance, in one order, from one seed.
final class Draws: Sendable {
  private let generator: Mutex<SeededGenerator>

  init(seed: UInt64) {
    generator = Mutex(SeededGenerator(seed: seed))
  }

  func chance(_ probability: Double) -> Bool {
    probability > 0 && generator.withLock { Double.random(in: 0..<1, using: &$0) } < probability
  }

  func integer(_ range: ClosedRange<Int>) -> Int {
    generator.withLock { Int.random(in: range, using: &$0) }
  }

  func seconds(_ range: ClosedRange<Double>) -> Duration {
    .microseconds(Int64(generator.withLock { Double.random(in: range, using: &$0) } * 1_000_000))
  }

  func pick<Element>(_ elements: [Element]) -> Element? {
    elements.isEmpty ? nil : elements[integer(0...elements.count - 1)]
  }

  func next() -> UInt64 { generator.withLock { $0.next() } }
}
