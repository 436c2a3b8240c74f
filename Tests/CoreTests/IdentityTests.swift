import Testing

@testable import Core

@Suite struct UniqueIDTests {
  enum Lead {}

  @Test func freshIdsAreVersion7InOrderOfTime() {
    let before = UInt64(Instant.wallClock().microsecondsSince1970 / 1_000)
    let ids = (0..<1_000).map { _ in UniqueID.random() }
    let after = UInt64(Instant.wallClock().microsecondsSince1970 / 1_000)
    #expect(Set(ids).count == ids.count)
    for id in ids {
      #expect(id.high >> 12 & 0xF == 7)
      #expect(id.low >> 62 == 2)
      #expect((before...after).contains(id.high >> 16))
    }
    // Ids of one microsecond may be in any order.
    #expect(zip(ids, ids.dropFirst()).allSatisfy { $0.high <= $1.high })
  }

  @Test(arguments: UInt64(1)...100) func textAndBytesReadBack(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let id = UniqueID(high: generator.next(), low: generator.next())
    #expect(UniqueID(id.description) == id)
    #expect(UniqueID(id.description.uppercased()) == id)
    #expect(UniqueID(bytes: id.bytes) == id)
    #expect(Hex.encode(id.bytes) == String(id.description.filter { $0 != "-" }))
  }

  @Test(arguments: [
    "", "0195b0a4-7c00-7d3e-8f00-2b9c7a5d1e4", "0195b0a4-7c00-7d3e-8f00-2b9c7a5d1e423",
    "0195b0a47c007d3e8f002b9c7a5d1e42",
    "0195b0a4-7c00-7d3e-8f00-2b9c7a5d1e4g", "{195b0a4-7c00-7d3e-8f00-2b9c7a5d1e42",
    "0195b0a4-7c00-7d3e-8f0-02b9c7a5d1e42",
  ])
  func refusesOtherForms(text: String) {
    #expect(UniqueID(text) == nil)
    #expect(Identifier<Lead>(text) == nil)
  }

  @Test func derivedIdsNeverChange() {
    // Stored in databases: a change here is a change of format.
    #expect(UniqueID.derived(from: "attempt", "1").description == "26680cae-c575-86a1-9b15-10b52c6baaa4")
    #expect(UniqueID.derived(from: "ab", "c") != UniqueID.derived(from: "a", "bc"))
    #expect(UniqueID.derived(from: "a").high >> 12 & 0xF == 8)
    #expect(UniqueID.derived(from: "a").low >> 62 == 2)
  }

  @Test func orderIsThatOfTheText() {
    var generator = SeededGenerator(seed: 7)
    let ids = (0..<100).map { _ in UniqueID(high: generator.next(), low: generator.next()) }
    #expect(ids.sorted().map(\.description) == ids.map(\.description).sorted())
  }
}

@Suite struct RandomTests {
  @Test func splitMixGivesItsPublishedNumbers() {
    // From the reference implementation with seed 1234567.
    var generator = SeededGenerator(seed: 1_234_567)
    #expect(generator.next() == 6_457_827_717_110_365_317)
    #expect(generator.next() == 3_203_168_211_198_807_973)
    #expect(generator.next() == 9_817_491_932_198_370_423)
  }

  /// From vectors.h of the reference implementation: key 00…0f, message 00…0e, and the empty one.
  @Test func sipHashGivesItsPublishedNumbers() {
    let key: (UInt64, UInt64) = (0x0706_0504_0302_0100, 0x0F0E_0D0C_0B0A_0908)
    let message = (0..<15).map { UInt8($0) }
    #expect(SipHash.hash(message, key: key, wide: false).low == 0xA129_CA61_49BE_45E5)
    #expect(SipHash.hash([], key: key, wide: false).low == 0x726F_DB47_DD0E_0E31)
    let wide = SipHash.hash([], key: key, wide: true)
    #expect(wide.low == 0xE6A8_25BA_047F_81A3 && wide.high == 0x9302_55C7_1472_F66D)
  }

  @Test func hashDependsOnEveryPartAndTheSeed() {
    #expect(hash64("a", "b") == hash64("a", "b"))
    #expect(hash64("a", "b") != hash64("ab", ""))
    #expect(hash64("a", seed: 1) != hash64("a", seed: 2))
    let shards = (0..<8_000).map { hash64("key-\($0)") % 8 }
    for shard in UInt64(0)..<8 { #expect((900...1_100).contains(shards.count { $0 == shard })) }
  }

  @Test func backoffGrowsToItsLimit() {
    var generator = SeededGenerator(seed: 1)
    let plain = Backoff(initial: .milliseconds(100), maximum: .seconds(1), jitter: 0)
    let delays = (1...6).map { plain.delay(attempt: $0, using: &generator) }
    #expect(delays.map(\.inSeconds) == [0.1, 0.2, 0.4, 0.8, 1, 1])
    #expect(plain.delay(attempt: .max, using: &generator) == .seconds(1))
  }

  @Test(arguments: UInt64(1)...50) func jitterStaysInItsShare(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let backoff = Backoff(initial: .seconds(1), maximum: .seconds(1), jitter: 0.2)
    let delay = backoff.delay(attempt: 3, using: &generator)
    #expect(delay >= .milliseconds(800) && delay <= .milliseconds(1_200))
  }
}
