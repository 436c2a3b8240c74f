import Core
import Synchronization

/// The audio of one answered call, both ways, between the answerer and whatever the TwiML connects them to. The pacer
/// moves it on, 20 ms at a time; what happens is told to the call.
final class MediaLeg: Paced {
  enum Event: Hashable, Sendable {
    case answererHungUp
    /// Its longest time is over.
    case timeLimitReached
    case verdict(MachineDetection.Verdict, after: Duration)
    /// A verb's audio is over.
    case played(verb: Int)
    /// The network breaks the stream's connection.
    case streamCut
  }

  fileprivate struct State {
    var answerer: Answerer
    var schedule: FrameSchedule?
    var playback = PlaybackQueue()
    var detection: MachineDetection?
    var stream: (framer: StreamFramer, outbox: Outbox)?
    /// Frames until the network breaks the stream.
    var framesToCut: Int?
    var frames = 0
    /// Frames of audio time, also those that went by while its socket was stuck.
    var passed = 0
    var isOver = false
    var faults: [Int] = []
    var frame: [UInt8] = []
  }

  /// With more messages than this unsent the conversation waits for the socket: half a second of audio.
  static let backlog = 25

  private let state: Mutex<State>
  private let limit: Int
  private let stall: Int
  private let isMisjudged: Bool
  private let latency: RelayLatency
  private let tell: @Sendable (Event) -> Void

  /// - Parameters:
  ///   - timeLimit: Of audio time, which is what a call is billed by.
  ///   - stall: A call whose socket is stuck may exceed it by this much.
  ///   - isMisjudged: The machine detection's verdict is turned into its opposite.
  ///   - tell: Called by the pacer, outside of the leg's lock; must not wait.
  init(
    _ answerer: Answerer, timeLimit: Duration, stall: Duration, detection: MachineDetection?, isMisjudged: Bool,
    latency: RelayLatency,
    tell: @escaping @Sendable (Event) -> Void
  ) {
    state = Mutex(State(answerer: answerer, detection: detection))
    limit = AudioFrame.count(in: timeLimit)
    self.stall = AudioFrame.count(in: stall)
    self.isMisjudged = isMisjudged
    self.latency = latency
    self.tell = tell
  }

  /// Begins the audio; before that time stands still for the answerer. False when it has begun before.
  func start(at audioTime: Duration) -> Bool {
    state.withLock { state in
      guard state.schedule == nil else { return false }
      state.schedule = FrameSchedule(start: audioTime)
      return true
    }
  }

  /// Ends the audio for good.
  func end() {
    detach()
    state.withLock { $0.isOver = true }
  }

  /// Moves on to `audioTime`.
  func pace(audioTime: Duration, now: Instant) -> Bool {
    var events: [Event] = []
    let goesOn = state.withLock { state in
      guard !state.isOver else { return false }
      guard let due = state.schedule?.due(at: audioTime), due > 0 else { return true }
      state.passed += due
      if (state.passed - due..<state.passed).contains(limit + stall) { events.append(.timeLimitReached) }
      if let stream = state.stream, stream.outbox.count > MediaLeg.backlog { return true }
      var messages: [[UInt8]] = []
      for _ in 0..<due where !state.isOver { step(&state, &messages, &events) }
      state.stream?.outbox.put(messages)
      return !state.isOver
    }
    for event in events { tell(event) }
    return goesOn
  }

  private func step(_ state: inout State, _ messages: inout [[UInt8]], _ events: inout [Event]) {
    state.frames += 1
    state.frame.removeAll(keepingCapacity: true)
    var passed: [PlaybackQueue.Passed] = []
    let result = state.playback.playFrame(passed: &passed) { frame in
      state.answerer.step(hearing: frame, into: &state.frame)
    }
    for passing in passed { pass(passing, &state, &messages, &events) }
    if result == .hangUp {
      state.isOver = true
      events.append(.answererHungUp)
      return
    }
    if let verdict = state.detection?.hear(MediaLeg.sound(of: state.frame)) {
      events.append(
        .verdict(isMisjudged ? verdict.opposite : verdict, after: AudioFrame.duration(of: state.frames)))
      state.detection = nil
    }
    if state.stream != nil, let message = state.stream?.framer.media(state.frame) {
      messages.append(message)
      if let word = state.frame.withUnsafeBufferPointer({ SpeechFrame.startedWord(in: $0) }) { latency.left(word) }
    }
    if state.frames == limit { events.append(.timeLimitReached) }
    if state.stream != nil, let left = state.framesToCut {
      state.framesToCut = left - 1
      if left == 1 { events.append(.streamCut) }
    }
  }

  private func pass(
    _ passing: PlaybackQueue.Passed, _ state: inout State, _ messages: inout [[UInt8]], _ events: inout [Event]
  ) {
    switch passing {
    case .mark(let name):
      if let message = state.stream?.framer.mark(name) { messages.append(message) }
    case .end(let verb): events.append(.played(verb: verb))
    }
  }

  private static func sound(of frame: [UInt8]) -> MachineDetection.Sound {
    guard !frame.isEmpty else { return .silence }
    return frame.withUnsafeBufferPointer { Voice.isTone($0) } ? .tone : .speech
  }

  // MARK: What the answerer hears

  /// Plays audio, then tells that the verb is over.
  func play(_ audio: [[UInt8]], times: Int, verb: Int) {
    state.withLock { state in
      for _ in 0..<times {
        for chunk in audio where !state.playback.append(chunk) { state.fault(31931) }
      }
      state.playback.append(.end(of: verb))
    }
  }

  /// Stays silent, then tells that the verb is over.
  func pause(_ duration: Duration, verb: Int) {
    state.withLock { state in
      state.playback.appendSilence(frames: AudioFrame.count(in: duration))
      state.playback.append(.end(of: verb))
    }
  }

  /// Forgets what is still to be played.
  func stopPlaying() {
    state.withLock { _ = $0.playback.clear() }
  }

  // MARK: Media stream

  /// Connects the answerer to a stream: its opening messages go out, then their audio.
  ///
  /// - Parameter cutAfter: Frames after which the network breaks the stream; nil: never.
  func attach(_ framer: StreamFramer, parameters: [TwiML.Parameter], to outbox: Outbox, cutAfter: Int? = nil) {
    state.withLock { state in
      var framer = framer
      outbox.put([framer.connected(), framer.start(parameters: parameters)])
      state.stream = (framer, outbox)
      state.framesToCut = cutAfter
    }
  }

  /// Ends the stream from this side.
  func detach() {
    state.withLock { state in
      guard var stream = state.stream else { return }
      state.stream = nil
      _ = state.playback.clear()
      stream.outbox.put([stream.framer.stop()])
      stream.outbox.close()
    }
  }

  /// Obeys the other end of the stream.
  func take(_ command: StreamCommand) {
    state.withLock { state in
      switch command {
      case .media(let audio):
        if !state.playback.append(audio) { state.fault(31931) }
      case .mark(let name): state.playback.append(.mark(name))
      case .clear:
        var messages: [[UInt8]] = []
        for case .mark(let name) in state.playback.clear() {
          if let message = state.stream?.framer.mark(name) { messages.append(message) }
        }
        state.stream?.outbox.put(messages)
      case .invalid: state.fault(31951)
      }
    }
  }

  /// The answerer as they are now, and the faults of the stream.
  var summary: (answerer: Answerer, frames: Int, faults: [Int]) {
    state.withLock { ($0.answerer, $0.frames, $0.faults) }
  }
}

extension MediaLeg.State {
  /// Notes a fault of the stream; each is reported once.
  fileprivate mutating func fault(_ code: Int) {
    if !faults.contains(code) { faults.append(code) }
  }
}
