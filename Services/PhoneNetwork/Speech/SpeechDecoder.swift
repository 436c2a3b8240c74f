/// A word whose every frame arrived.
struct HeardWord: Hashable, Sendable {
  var utterance: UInt32
  var index: Int
  var text: String
}

/// Reads words out of a stream of µ-law audio, wherever its chunks are cut.
///
/// A word is heard when all its frames came, whole and in order; silence between them does no harm. A frame that is
/// missing, damaged, doubled or out of its place loses its word and only that.
struct SpeechDecoder: Sendable {
  /// The word being heard: all parts below `nextPart` came.
  private struct Progress: Sendable {
    var utterance: UInt32
    var word: UInt16
    var nextPart: UInt8
    var parts: UInt8
  }

  private var progress: Progress?
  /// The start of a frame whose rest has not come; shorter than a frame.
  private var rest: [UInt8] = []

  /// Reads `audio` and appends the words that it completes.
  mutating func read(_ audio: UnsafeBufferPointer<UInt8>, into words: inout [HeardWord]) {
    if rest.isEmpty {
      let consumed = scan(audio, into: &words)
      rest.append(contentsOf: audio[consumed...])
    } else {
      rest.append(contentsOf: audio)
      let consumed = rest.withUnsafeBufferPointer { scan($0, into: &words) }
      rest.removeFirst(consumed)
    }
  }

  mutating func read(_ audio: [UInt8], into words: inout [HeardWord]) {
    audio.withUnsafeBufferPointer { read($0, into: &words) }
  }

  /// Returns how many bytes are done with; what is left could be the start of a frame.
  private mutating func scan(_ audio: UnsafeBufferPointer<UInt8>, into words: inout [HeardWord]) -> Int {
    var position = 0
    while position < audio.count {
      let left = UnsafeBufferPointer(rebasing: audio[position...])
      if left.count >= AudioFrame.bytes {
        let block = UnsafeBufferPointer(rebasing: left[..<AudioFrame.bytes])
        if MuLaw.isSilent(block) {
          position += AudioFrame.bytes
          continue
        }
        if SpeechFrame.startsFrame(block), let frame = SpeechFrame(block) {
          take(frame, into: &words)
          position += AudioFrame.bytes
          continue
        }
        position += 1 + SpeechDecoder.distanceToSync(UnsafeBufferPointer(rebasing: left[1...]))
      } else if SpeechDecoder.couldStartFrame(left) {
        return position
      } else {
        position += 1 + SpeechDecoder.distanceToSync(UnsafeBufferPointer(rebasing: left[1...]))
      }
    }
    return position
  }

  private mutating func take(_ frame: SpeechFrame, into words: inout [HeardWord]) {
    if frame.part == 0 {
      progress = Progress(utterance: frame.utterance, word: frame.word, nextPart: 0, parts: frame.parts)
    }
    guard var current = progress, current.utterance == frame.utterance, current.word == frame.word,
      current.nextPart == frame.part, current.parts == frame.parts
    else {
      progress = nil
      return
    }
    current.nextPart += 1
    if current.nextPart < current.parts {
      progress = current
    } else {
      progress = nil
      words.append(
        HeardWord(
          utterance: frame.utterance, index: Int(frame.word), text: String(decoding: frame.text, as: UTF8.self)))
    }
  }

  /// Bytes before the next place where a frame could start.
  private static func distanceToSync(_ audio: UnsafeBufferPointer<UInt8>) -> Int {
    for offset in audio.indices where couldStartFrame(UnsafeBufferPointer(rebasing: audio[offset...])) { return offset }
    return audio.count
  }

  /// Whether as much of the synchronisation as is there fits.
  private static func couldStartFrame(_ audio: UnsafeBufferPointer<UInt8>) -> Bool {
    let sync = SpeechFrame.syncNibbles
    return ~audio[0] & 0xF == sync.0 && (audio.count < 2 || ~audio[1] & 0xF == sync.1)
      && (audio.count < 3 || ~audio[2] & 0xF == sync.2) && (audio.count < 4 || ~audio[3] & 0xF == sync.3)
  }
}
