/// What of the agent's audio the person has heard. Pure.
///
/// Audio arrives faster than it is played; the carrier queues it and reports marks as it gets to them. Between marks the
/// call's own time tells how far it is, but never beyond a mark that has not been reported. All times are milliseconds.
struct Playback: Hashable, Sendable {
  /// What is asked of the carrier after a piece of audio.
  enum Step: Hashable, Sendable {
    case none
    /// Set a mark here.
    case mark(String)
    /// All of the item has been played already.
    case played
  }

  struct Interrupted: Hashable, Sendable {
    var item: String
    var heard: Int
    /// Audio of the item that was sent, heard or not.
    var sent: Int
  }

  private struct Segment: Hashable, Sendable {
    let item: [UInt8]
    var sentBytes = 0
    var acknowledged = 0
    var marks: [Int] = []
    var isComplete = false

    var sent: Int { sentBytes / AudioPayload.bytesPerMillisecond }
    var lastMark: Int { marks.last ?? acknowledged }
    var itemID: String { String(decoding: item, as: UTF8.self) }
  }

  /// Audio between two marks: often enough to know what was heard to the word.
  static let markInterval = 200
  /// Items that may wait to be played; an engine that sends more is dropped from the front.
  private static let segmentLimit = 64

  /// Not wholly played, in the order of sending.
  private var segments: [Segment] = []
  /// When the carrier will have played all that it has, in the call's time.
  private(set) var end = 0

  /// Whether there is audio that the person has not heard.
  func isPlaying(at time: Int) -> Bool {
    !segments.isEmpty && (end > time || segments.contains { !$0.marks.isEmpty || !$0.isComplete })
  }

  /// Whether `item` is the one that was added to last.
  func isCurrent(_ item: ArraySlice<UInt8>) -> Bool {
    segments.last.map { $0.item.count == item.count && $0.item.elementsEqual(item) } ?? false
  }

  /// Audio was sent. Returns when it begins to play if it is the first of its item.
  mutating func add(_ item: ArraySlice<UInt8>, bytes: Int, at time: Int) -> (startsAt: Int?, step: Step) {
    let begin = max(end, time)
    let isNew = !isCurrent(item)
    if isNew {
      if segments.count == Self.segmentLimit { segments.removeFirst() }
      segments.append(Segment(item: Array(item)))
    }
    let index = segments.count - 1
    let before = segments[index].sent
    segments[index].sentBytes += bytes
    end = begin + segments[index].sent - before
    let isDue = segments[index].sent - segments[index].lastMark >= Self.markInterval
    return (isNew ? begin : nil, isDue ? setMark(index) : .none)
  }

  /// No more audio of `item` will come.
  mutating func finish(_ item: String) -> Step {
    guard let index = segments.lastIndex(where: { $0.item.elementsEqual(item.utf8) }) else { return .none }
    segments[index].isComplete = true
    if segments[index].sent > segments[index].lastMark { return setMark(index) }
    guard segments[index].marks.isEmpty else { return .none }
    segments.removeSubrange(...index)
    return .played
  }

  /// The carrier got to a mark. Returns the items that have now been played to their end.
  mutating func reached(_ mark: String, at time: Int) -> [String] {
    guard let colon = mark.utf8.lastIndex(of: UInt8(ascii: ":")),
      let position = Int(mark[mark.utf8.index(after: colon)...]),
      let index = segments.firstIndex(where: { $0.item.elementsEqual(mark[..<colon].utf8) }),
      segments[index].marks.contains(position)
    else { return [] }
    segments[index].acknowledged = position
    segments[index].marks.removeAll { $0 <= position }
    end = time + (segments[index].sent - position) + segments[(index + 1)...].reduce(0) { $0 + $1.sent }
    let isPlayed = segments[index].isComplete && position >= segments[index].sent
    let played = segments[..<(isPlayed ? index + 1 : index)].map(\.itemID)
    segments.removeFirst(played.count)
    return played
  }

  /// What is not played yet will never be: the carrier's queue is thrown away, or the call is over.
  mutating func interrupt(at time: Int) -> [Interrupted] {
    var later = segments.reduce(0) { $0 + $1.sent }
    let interrupted = segments.map { segment in
      later -= segment.sent
      let byClock = segment.sent - (end - later - time)
      let limit = segment.marks.first ?? segment.sent
      let heard = max(segment.acknowledged, min(byClock, limit, segment.sent))
      return Interrupted(item: segment.itemID, heard: heard, sent: segment.sent)
    }
    segments.removeAll()
    end = time
    return interrupted
  }

  private mutating func setMark(_ index: Int) -> Step {
    let position = segments[index].sent
    segments[index].marks.append(position)
    return .mark("\(segments[index].itemID):\(position)")
  }
}
