import Core
import Testing

@testable import EventLog

@Suite struct EventShareTests {
  @Test(arguments: UInt64(1)...50) func fairPartsAddUpAndDifferByOneAtMost(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let instances = (0..<Int.random(in: 1...20, using: &generator)).map { _ in
      UniqueID(high: generator.next(), low: generator.next())
    }
    let count = Int.random(in: 1...64, using: &generator)
    let parts = instances.map { EventShare.fairPart(of: count, among: instances.shuffled(using: &generator), for: $0) }
    #expect(parts.reduce(0, +) == count)
    #expect((parts.max() ?? 0) - (parts.min() ?? 0) <= 1)
  }

  @Test func whoIsNotThereHasNoPart() {
    #expect(EventShare.fairPart(of: 4, among: [UniqueID.random()], for: UniqueID.random()) == 0)
    #expect(EventShare.fairPart(of: 4, among: [], for: UniqueID.random()) == 0)
  }

  @Test func placesAreOrderedByTransactionThenNumber() {
    let places = [
      EventPlace(transaction: 2, id: 1), EventPlace(transaction: 1, id: 9), EventPlace(transaction: 1, id: 2),
    ]
    #expect(places.sorted().map(\.description) == ["1/2", "1/9", "2/1"])
    #expect(EventPlace.beginning < places[2])
  }
}
