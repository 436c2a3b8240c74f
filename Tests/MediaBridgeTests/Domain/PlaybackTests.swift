import Core
import Testing

@testable import MediaBridge

@Suite struct PlaybackTests {
  /// Sends `milliseconds` of audio of `item`.
  func add(_ playback: inout Playback, _ item: String, _ milliseconds: Int, at time: Int) -> Playback.Step {
    playback.add(Array(item.utf8)[...], bytes: milliseconds * 8, at: time).step
  }

  @Test func aMarkFollowsEveryFifthOfASecond() {
    var playback = Playback()
    #expect(add(&playback, "a", 100, at: 0) == .none)
    #expect(add(&playback, "a", 100, at: 0) == .mark("a:200"))
    #expect(add(&playback, "a", 500, at: 0) == .mark("a:700"))
    #expect(playback.end == 700)
  }

  @Test func anItemIsPlayedWhenItsLastMarkIsReached() {
    var playback = Playback()
    _ = add(&playback, "a", 250, at: 0)
    #expect(playback.finish("a") == .none)  // The mark at its end is on its way already.
    #expect(playback.isPlaying(at: 100))
    #expect(playback.reached("a:250", at: 260) == ["a"])
    #expect(!playback.isPlaying(at: 260))
  }

  @Test func theEndOfAnItemGetsItsOwnMark() {
    var playback = Playback()
    _ = add(&playback, "a", 300, at: 0)
    _ = add(&playback, "a", 100, at: 0)
    #expect(playback.finish("a") == .mark("a:400"))
    #expect(playback.reached("a:300", at: 300).isEmpty)
    #expect(playback.reached("a:400", at: 400) == ["a"])
  }

  @Test func whatWasHeardIsReckonedFromTheMarksAndTheTime() {
    var playback = Playback()
    _ = add(&playback, "a", 200, at: 1_000)
    _ = add(&playback, "a", 200, at: 1_000)
    _ = add(&playback, "a", 600, at: 1_000)
    _ = playback.reached("a:200", at: 1_250)  // The phone lags by 50 ms.
    #expect(playback.interrupt(at: 1_300) == [.init(item: "a", heard: 250, sent: 1_000)])
    #expect(!playback.isPlaying(at: 1_300))
  }

  @Test func nothingIsHeardBeyondAMarkThatWasNotReached() {
    var playback = Playback()
    _ = add(&playback, "a", 200, at: 0)
    _ = add(&playback, "a", 800, at: 0)
    #expect(playback.interrupt(at: 900) == [.init(item: "a", heard: 200, sent: 1_000)])
  }

  @Test func whatIsQueuedBehindWasNotHeard() {
    var playback = Playback()
    _ = add(&playback, "a", 400, at: 0)
    _ = add(&playback, "b", 400, at: 0)
    #expect(
      playback.interrupt(at: 300) == [
        .init(item: "a", heard: 300, sent: 400), .init(item: "b", heard: 0, sent: 400),
      ])
  }

  @Test func marksOfOtherThingsAreIgnored() {
    var playback = Playback()
    _ = add(&playback, "a", 400, at: 0)
    for mark in ["", "a", ":", "a:", "a:99", "b:400", "a:x"] { #expect(playback.reached(mark, at: 10).isEmpty) }
    #expect(playback.isPlaying(at: 10))
  }

  @Test func itemsThatContainColonsAreFound() {
    var playback = Playback()
    #expect(add(&playback, "x:y", 200, at: 0) == .mark("x:y:200"))
    _ = playback.finish("x:y")
    #expect(playback.reached("x:y:200", at: 200) == ["x:y"])
  }

  @Test(arguments: UInt64(1)...100) func noMoreIsHeardThanWasSent(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var playback = Playback()
    var time = 0
    var marks: [String] = []
    for _ in 0..<60 {
      time += .random(in: 0...400, using: &generator)
      let item = ["a", "b", "c"].randomElement(using: &generator) ?? "a"
      switch Int.random(in: 0..<5, using: &generator) {
      case 0, 1:
        if case .mark(let name) = add(&playback, item, .random(in: 0...600, using: &generator), at: time) {
          marks.append(name)
        }
      case 2: if case .mark(let name) = playback.finish(item) { marks.append(name) }
      case 3: if !marks.isEmpty { _ = playback.reached(marks.removeFirst(), at: time) }
      default:
        for part in playback.interrupt(at: time) { #expect((0...part.sent).contains(part.heard)) }
        marks.removeAll()
      }
    }
  }
}
