import Core

/// Audio on its way to a person's ear, in order, with the marks that stand in it.
struct PlaybackQueue: Sendable {
  enum Passed: Hashable, Sendable {
    /// A mark of the stream: all before it was played, or cleared.
    case mark(String)
    /// What a verb had to play is over.
    case end(of: Int)
  }

  private enum Item: Sendable {
    case audio([UInt8])
    case silence(frames: Int)
    case passing(Passed)
  }

  /// Ten minutes; more is dropped (Twilio's error 31931).
  static let byteLimit = 600 * AudioFrame.perSecond * AudioFrame.bytes

  private var items = RingBuffer<Item>()
  private var current: [UInt8] = []
  private var position = 0
  private var scratch: [UInt8] = []
  private var bytes = 0
  /// Left of a pause that has begun.
  private var pauseFrames = 0

  /// Adds audio; false when it does not fit and is dropped.
  mutating func append(_ audio: [UInt8]) -> Bool {
    guard bytes + audio.count <= PlaybackQueue.byteLimit else { return false }
    bytes += audio.count
    items.append(.audio(audio))
    return true
  }

  mutating func appendSilence(frames: Int) { items.append(.silence(frames: frames)) }

  mutating func append(_ passing: Passed) { items.append(.passing(passing)) }

  /// Drops what was not played; its marks count as passed.
  mutating func clear() -> [Passed] {
    var passed: [Passed] = []
    while let item = items.popFirst() {
      if case .passing(let mark) = item { passed.append(mark) }
    }
    current = []
    position = 0
    bytes = 0
    pauseFrames = 0
    return passed
  }

  /// Gives the next frame to `body`: empty when there is silence. Marks that are reached are appended to `passed`.
  mutating func playFrame<Result>(
    passed: inout [Passed], _ body: (UnsafeBufferPointer<UInt8>) -> Result
  ) -> Result {
    if pauseFrames > 0 {
      pauseFrames -= 1
      return body(UnsafeBufferPointer(start: nil, count: 0))
    }
    if position == current.count { advance(&passed) }
    let left = current.count - position
    if left == 0 { return body(UnsafeBufferPointer(start: nil, count: 0)) }
    if left >= AudioFrame.bytes {
      let start = position
      position += AudioFrame.bytes
      bytes -= AudioFrame.bytes
      return current.withUnsafeBufferPointer { buffer in
        let frame = UnsafeBufferPointer(rebasing: buffer[start..<(start + AudioFrame.bytes)])
        return body(MuLaw.isSilent(frame) ? UnsafeBufferPointer(start: nil, count: 0) : frame)
      }
    }
    return playJoined(&passed, body)
  }

  /// A frame put together from the ends of several chunks, filled up with silence.
  private mutating func playJoined<Result>(
    _ passed: inout [Passed], _ body: (UnsafeBufferPointer<UInt8>) -> Result
  ) -> Result {
    scratch.removeAll(keepingCapacity: true)
    while scratch.count < AudioFrame.bytes {
      if position == current.count {
        guard isAudioNext(&passed) else { break }
        advance(&passed)
      }
      let count = min(AudioFrame.bytes - scratch.count, current.count - position)
      scratch.append(contentsOf: current[position..<(position + count)])
      position += count
      bytes -= count
    }
    scratch.append(contentsOf: repeatElement(AudioFrame.silence, count: AudioFrame.bytes - scratch.count))
    return scratch.withUnsafeBufferPointer {
      body(MuLaw.isSilent($0) ? UnsafeBufferPointer(start: nil, count: 0) : $0)
    }
  }

  /// Passes marks; whether audio follows at once.
  private mutating func isAudioNext(_ passed: inout [Passed]) -> Bool {
    while let item = items.first {
      switch item {
      case .audio: return true
      case .silence: return false
      case .passing(let mark):
        passed.append(mark)
        _ = items.popFirst()
      }
    }
    return false
  }

  /// Takes the next chunk, or begins the next pause, whose first frame is the one being played.
  private mutating func advance(_ passed: inout [Passed]) {
    current = []
    position = 0
    while let item = items.popFirst() {
      switch item {
      case .passing(let mark): passed.append(mark)
      case .audio(let audio):
        guard !audio.isEmpty else { continue }
        current = audio
        return
      case .silence(let frames):
        guard frames > 0 else { continue }
        pauseFrames = frames - 1
        return
      }
    }
  }
}
