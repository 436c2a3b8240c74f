import Core
import Testing

@testable import PhoneNetwork

@Suite struct SpeechTests {
  private static let vocabulary = [
    "Hello", "budget", "fifteen", "thousand,", "about", "I", "don't", "$15,000", "naïve", "日本", "goodbye.", "Well?",
    "a",
    "supercalifragilisticexpialidocious", "15k", "…",
  ]

  private static func text(_ generator: inout SeededGenerator) -> String {
    (0..<Int.random(in: 1...25, using: &generator)).map { _ in vocabulary.randomElement(using: &generator) ?? "" }
      .joined(separator: " ")
  }

  /// The frames of a text; pauses are silent frames.
  static func frames(_ text: String, utterance: UInt32 = 7, pace: Double = 1) -> [[UInt8]] {
    var player = SpeechPlayer(SpeechPlan(text, utterance: utterance, pace: pace))
    var frames: [[UInt8]] = []
    while !player.isFinished {
      var frame: [UInt8] = []
      frames.append(player.appendFrame(to: &frame) ? frame : AudioFrame.silent)
    }
    return frames
  }

  static func heard(_ chunks: [[UInt8]]) -> [HeardWord] {
    var decoder = SpeechDecoder()
    var words: [HeardWord] = []
    for chunk in chunks { decoder.read(chunk, into: &words) }
    return words
  }

  @Test(arguments: UInt64(1)...60) func wordsSurviveAnyCutting(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let text = Self.text(&generator)
    let pace = Double.random(in: 0.7...1.4, using: &generator)
    var audio = Array(Self.frames(text, pace: pace).joined())
    // A stream may begin anywhere: some silence that is no whole number of frames.
    audio.insert(
      contentsOf: repeatElement(AudioFrame.silence, count: Int.random(in: 0...400, using: &generator)), at: 0)
    var chunks: [[UInt8]] = []
    while !audio.isEmpty {
      let count = min(audio.count, Int.random(in: 1...900, using: &generator))
      chunks.append(Array(audio.prefix(count)))
      audio.removeFirst(count)
    }
    #expect(Self.heard(chunks).map(\.text) == SpeechPlan.words(of: text))
  }

  @Test(arguments: UInt64(1)...60) func lostFramesLoseTheirWordsAndNoOthers(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let text = Self.text(&generator)
    let plan = SpeechPlan(text, utterance: 7)
    var frames = Self.frames(text)
    var lost: Set<Int> = []
    for index in frames.indices where Int.random(in: 0..<40, using: &generator) == 0 { lost.insert(index) }
    for index in lost {
      switch Int.random(in: 0..<3, using: &generator) {
      case 0: frames[index] = []  // Dropped.
      case 1: frames[index] = AudioFrame.silent  // Replaced by a concealer.
      default:  // Damaged: one byte's mantissa.
        frames[index][Int.random(in: 0..<AudioFrame.bytes, using: &generator)] ^= UInt8(1)
      }
    }
    let whole = plan.words.enumerated().filter { _, word in !lost.contains { word.start <= $0 && $0 < word.end } }
    #expect(Self.heard(frames).map(\.index) == whole.map(\.offset))
    #expect(Self.heard(frames).map(\.text) == whole.map(\.element.text))
  }

  @Test func swappedFramesLoseTheirWord() {
    var frames = Self.frames("one two three")
    let word = SpeechPlan("one two three", utterance: 7).words[1]
    frames.swapAt(word.start + 2, word.start + 3)
    #expect(Self.heard(frames).map(\.text) == ["one", "three"])
  }

  @Test func halfAWordIsNotHeard() {
    let plan = SpeechPlan("one two three", utterance: 7)
    let frames = Self.frames("one two three").prefix(plan.words[1].end - 1)
    #expect(Self.heard(Array(frames)).map(\.text) == ["one"])
    #expect(plan.text(within: frames.count) == "one")
    #expect(plan.text(within: plan.words[1].end) == "one two")
  }

  @Test(arguments: UInt64(1)...20) func noiseHoldsNoWords(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let noise = (0..<8_000).map { _ in UInt8.random(in: 0...255, using: &generator) }
    #expect(Self.heard([noise]).isEmpty)
  }

  @Test func speechIsAsFastAndAsLoudAsSpeech() {
    let text =
      "Hello, is this Ada? This is Alex, an AI assistant calling for Northwind Services. "
      + "I have a few short questions about what you need. Do you have a moment?"
    let plan = SpeechPlan(text, utterance: 1)
    let minutes = AudioFrame.duration(of: plan.frameCount).inSeconds / 60
    #expect((180...220).contains(Double(plan.words.count) / minutes))
    let loudness = Self.frames(text).filter { $0 != AudioFrame.silent }.map { frame in
      frame.withUnsafeBufferPointer { MuLaw.loudness($0) }
    }
    #expect(loudness.allSatisfy { (700...5_000).contains($0) })
  }

  @Test func longTextIsBrokenIntoWordsThatFit() {
    let url = String(repeating: "é", count: 100)
    let words = SpeechPlan.words(of: "see \(url) there")
    #expect(words.allSatisfy { $0.utf8.count <= SpeechFrame.longestText })
    #expect(words.dropFirst().dropLast().joined() == url)
    #expect(Self.heard(Self.frames("see \(url) there")).map(\.text) == words)
  }

  @Test func muLawIsThatOfG711() {
    let encoded: [(Int16, UInt8)] = [
      (0, 0xFF), (1, 0xFF), (-1, 0x7E), (4, 0xFE), (-4, 0x7E), (100, 0xF2), (-100, 0x72), (1_000, 0xCE), (-1_000, 0x4E),
      (8_000, 0xA0), (-8_000, 0x20), (32_124, 0x80), (32_767, 0x80), (-32_768, 0x00),
    ]
    for (sample, byte) in encoded { #expect(MuLaw.encode(sample) == byte, "sample \(sample)") }
    let decoded: [(UInt8, Int16)] = [
      (0xFF, 0), (0x7F, 0), (0xFE, 8), (0x7E, -8), (0xE7, 260), (0x67, -260), (0xAA, 5_372), (0x2A, -5_372),
      (0x80, 32_124), (0x00, -32_124),
    ]
    for (byte, sample) in decoded { #expect(MuLaw.decode(byte) == sample) }
  }

  @Test func aBeepIsAToneAndSpeechIsNot() {
    #expect(Voice.beepFrame.withUnsafeBufferPointer { Voice.isTone($0) })
    for frame in Self.frames("Please leave a message.") {
      #expect(!frame.withUnsafeBufferPointer { Voice.isTone($0) })
    }
  }
}
