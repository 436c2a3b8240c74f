/// Who said what, in the order of the conversation. Pure.
///
/// What the person said is transcribed beside the conversation and may arrive after the answer to it; lines stand in the
/// engine's order of items all the same. Of what the agent said only what was heard counts.
struct Transcript: Hashable, Sendable {
  /// One finished line. Times are milliseconds from the answer.
  struct Turn: Hashable, Sendable {
    var item: String
    /// Its place in the conversation; changes when another item turns up before it.
    var ordinal: Int
    var speaker: Speaker
    var text: String
    var start: Int
    var end: Int
    var interrupted: Bool
  }

  private struct Line: Hashable, Sendable {
    let item: String
    var speaker: Speaker?
    var text = ""
    var start: Int?
    var end: Int?
    /// No more words will come.
    var isText = false
    /// It has been played to its end, or was cut.
    var isOver = false
    var interrupted = false

    var isFinal: Bool {
      switch speaker {
      case .person: isText
      case .agent: isText && isOver
      case nil: false
      }
    }
  }

  /// Items of one call, far above what an hour of talk needs.
  private static let lineLimit = 2_000
  /// Bytes of one line.
  private static let textLimit = 16_384

  private var lines: [Line] = []
  private var written: [String: Turn] = [:]
  private var isChanged = false

  mutating func place(_ item: String, after previous: String?, speaker: Speaker?) {
    if let index = index(item) {
      lines[index].speaker = lines[index].speaker ?? speaker
      isChanged = true
      return
    }
    guard lines.count < Self.lineLimit else { return }
    let place = previous.flatMap(index).map { $0 + 1 } ?? lines.count
    lines.insert(Line(item: item, speaker: speaker), at: place)
    isChanged = true
  }

  mutating func began(_ item: String, speaker: Speaker, at time: Int) {
    change(item, speaker) { $0.start = $0.start ?? time }
  }

  mutating func ended(_ item: String, speaker: Speaker, at time: Int) {
    change(item, speaker) { $0.end = time }
  }

  mutating func add(_ words: String, to item: String) {
    change(item, .agent) { line in
      guard !line.isText, !line.isOver, line.text.utf8.count + words.utf8.count <= Self.textLimit else { return }
      line.text += words
    }
  }

  /// The whole text of a line. What was cut stays cut.
  mutating func set(_ text: String, of item: String, speaker: Speaker) {
    change(item, speaker) { line in
      if !line.interrupted { line.text = Self.limited(text) }
      line.isText = true
    }
  }

  /// The agent's line has been heard to its end.
  mutating func played(_ item: String, at time: Int) {
    change(item, .agent) { line in
      line.isOver = true
      line.end = time
    }
  }

  /// The agent's line was heard in part only.
  mutating func cut(_ part: Playback.Interrupted, at time: Int) {
    change(part.item, .agent) { line in
      line.text = Self.heard(line.text, part.heard, of: part.sent)
      line.interrupted = true
      (line.isText, line.isOver, line.end) = (true, true, time)
    }
  }

  /// No more words will come for any line.
  mutating func finish() {
    for index in lines.indices where lines[index].isOver { lines[index].isText = true }
    isChanged = true
  }

  /// Finished lines that are new or have changed since the last time.
  mutating func takeChanges() -> [Turn] {
    guard isChanged else { return [] }
    isChanged = false
    var changes: [Turn] = []
    for (ordinal, line) in lines.enumerated() where line.isFinal && !line.text.isEmpty {
      guard let speaker = line.speaker else { continue }
      let start = line.start ?? 0
      let turn = Turn(
        item: line.item, ordinal: ordinal, speaker: speaker, text: line.text, start: start,
        end: max(line.end ?? start, start), interrupted: line.interrupted)
      guard written.updateValue(turn, forKey: line.item) != turn else { continue }
      changes.append(turn)
    }
    return changes
  }

  /// The words of `text` that were spoken in the first `heard` milliseconds of `sent`, by their share.
  static func heard(_ text: String, _ heard: Int, of sent: Int) -> String {
    guard heard > 0, sent > 0 else { return "" }
    guard heard < sent else { return text }
    let characters = Array(text)
    var end = Int(Double(characters.count) * Double(heard) / Double(sent))
    // A word that was begun was not heard.
    if end < characters.count, !characters[end].isWhitespace {
      while end > 0, !characters[end - 1].isWhitespace { end -= 1 }
    }
    while end > 0, characters[end - 1].isWhitespace { end -= 1 }
    return String(characters[..<end])
  }

  private static func limited(_ text: String) -> String {
    guard text.utf8.count > textLimit else { return text }
    return String(decoding: text.utf8.prefix(textLimit), as: UTF8.self)
  }

  private func index(_ item: String) -> Int? {
    lines.lastIndex { $0.item == item }
  }

  private mutating func change(_ item: String, _ speaker: Speaker, _ body: (inout Line) -> Void) {
    if index(item) == nil { place(item, after: nil, speaker: speaker) }
    guard let index = index(item) else { return }
    lines[index].speaker = lines[index].speaker ?? speaker
    body(&lines[index])
    isChanged = true
  }
}
