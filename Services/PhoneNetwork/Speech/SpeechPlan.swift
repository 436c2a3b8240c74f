/// How a text is spoken: which frames each word takes, about 200 words a minute.
///
/// A word takes 7 frames and 1.5 more for each letter or digit, at most 36 (720 ms); a pause follows it, longer after
/// punctuation. Pauses are digital silence.
struct SpeechPlan: Hashable, Sendable {
  struct Word: Hashable, Sendable {
    var text: String
    /// First frame, from the start of the utterance.
    var start: Int
    /// Frames of sound.
    var frames: Int

    var end: Int { start + frames }
  }

  let words: [Word]
  /// Number that marks the frames of this utterance.
  let utterance: UInt32
  /// Frames up to the end of the last word.
  let frameCount: Int

  private enum Pause {
    static let afterWord = 2
    static let afterComma = 5
    static let afterSentence = 9
  }

  /// - Parameters:
  ///   - utterance: Differs from that of other utterances in the same call.
  ///   - pace: 1 is 200 words a minute, 1.1 a tenth faster.
  init(_ text: String, utterance: UInt32, pace: Double = 1) {
    var words: [Word] = []
    var position = 0
    for piece in SpeechPlan.words(of: text) {
      let letters = piece.unicodeScalars.count { $0.properties.isAlphabetic || $0.properties.numericType != nil }
      let frames = min(36, max(7, Int((7 + 1.5 * Double(letters)) / pace)))
      words.append(Word(text: piece, start: position, frames: frames))
      position += frames + SpeechPlan.pause(after: piece)
    }
    self.words = words
    self.utterance = utterance
    frameCount = words.last?.end ?? 0
  }

  var text: String { words.map(\.text).joined(separator: " ") }

  /// What a listener has heard when `frames` frames were played: the words that are over.
  func text(within frames: Int) -> String {
    words.prefix { $0.end <= frames }.map(\.text).joined(separator: " ")
  }

  /// Words are what stands between spaces; what is longer than a frame holds is broken into pieces.
  static func words(of text: String) -> [String] {
    text.split { $0.isWhitespace }.flatMap { word -> [String] in
      guard word.utf8.count > SpeechFrame.longestText else { return [String(word)] }
      var pieces: [String] = []
      var piece = ""
      for scalar in word.unicodeScalars {
        if piece.utf8.count + UTF8.width(scalar) > SpeechFrame.longestText {
          pieces.append(piece)
          piece = ""
        }
        piece.unicodeScalars.append(scalar)
      }
      return pieces + [piece]
    }
  }

  private static func pause(after word: String) -> Int {
    switch word.utf8.last {
    case UInt8(ascii: "."), UInt8(ascii: "?"), UInt8(ascii: "!"): Pause.afterSentence
    case UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: ":"): Pause.afterComma
    default: Pause.afterWord
    }
  }
}

/// Speaks a plan frame by frame.
struct SpeechPlayer: Sendable {
  let plan: SpeechPlan
  /// Frames spoken so far.
  private(set) var position = 0
  private var word = 0
  private var text: [UInt8]

  init(_ plan: SpeechPlan) {
    self.plan = plan
    text = plan.words.first.map { Array($0.text.utf8) } ?? []
  }

  var isFinished: Bool { position >= plan.frameCount }

  /// Appends the next frame; false, and nothing appended, when it is one of a pause (digital silence).
  mutating func appendFrame(to audio: inout [UInt8]) -> Bool {
    guard !isFinished else { return false }
    defer { position += 1 }
    if position >= plan.words[word].end, word + 1 < plan.words.count, position >= plan.words[word + 1].start {
      word += 1
      text = Array(plan.words[word].text.utf8)
    }
    let current = plan.words[word]
    guard position < current.end else { return false }
    SpeechFrame(
      utterance: plan.utterance, word: UInt16(truncatingIfNeeded: word), part: UInt8(position - current.start),
      parts: UInt8(current.frames), text: text
    ).append(to: &audio)
    return true
  }
}
