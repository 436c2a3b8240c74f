import Core
import HTTP
import Logging
import Synchronization
import Telephony

/// A call that this instance has an agent for: the engine's session, opened while the phone rings, and, once the call is
/// answered, the carrier's stream. Audio goes straight from one socket to the other; the conversation decides the rest.
///
/// Two tasks work for it: one takes what the engine sends, one what the carrier sends. A third writes the transcript.
final class LiveCall: Sendable {
  private struct State {
    var session: (any VoiceSession)?
    var stream: CarrierStream?
    var isClosed = false
  }

  let call: CallID
  let tenant: TenantID
  let script: CallScript
  let control: CallControl
  let engine: any VoiceEngine
  let logger: Logger
  /// A real second lasts this many milliseconds of the call's own time.
  let callMillisecondsPerSecond: Double
  let talk: Mutex<Conversation>
  private let state = Mutex(State())
  /// Rung when something was said.
  let news = BoundedQueue<Void>(capacity: 1)
  /// Closed when the engine is not needed any more.
  private let closing = BoundedQueue<Void>(capacity: 1)
  /// Rung when the person's last words have arrived.
  private let transcribed = BoundedQueue<Void>(capacity: 1)

  /// How long an answered call may wait for its engine. Silence for longer is worse than no call.
  private static let engineLimit = Duration.seconds(5)
  /// How long the last words may take to be transcribed, after the call.
  private static let lastWordsLimit = Duration.seconds(3)
  private static let reopen = Backoff(initial: .milliseconds(200), maximum: .seconds(2))

  init(
    _ stored: StoredCall, script: CallScript, silenceLimit: Duration, control: CallControl, engine: any VoiceEngine,
    logger: Logger
  ) {
    call = stored.call
    tenant = stored.tenant
    self.script = script
    self.control = control
    self.engine = engine
    self.logger = logger.with([LogField("call_id", stored.call)])
    callMillisecondsPerSecond = 1_000 / max(control.clock.realDuration(of: .seconds(1)).inSeconds, 0.000_001)
    talk = Mutex(
      Conversation(
        .init(
          greeting: script.greeting, maxDuration: Int(stored.maxDuration.microseconds / 1_000),
          silenceLimit: Int(silenceLimit.microseconds / 1_000))))
  }

  var isAnswered: Bool { state.withLock { $0.stream != nil } }
  var isClosed: Bool { state.withLock { $0.isClosed } }
  var session: (any VoiceSession)? { state.withLock { $0.session } }
  var stream: CarrierStream? { state.withLock { $0.stream } }

  /// The call is over, or will not be answered: the engine's task ends its session.
  func close() {
    state.withLock { $0.isClosed = true }
    closing.close()
  }

  // MARK: The engine

  /// Opens the engine's session and takes what it sends until it ends.
  func runEngine() async {
    guard let session = await openSession() else {
      if !isClosed { control.reportLater(.end(.engineUnavailable), of: call) }
      return
    }
    // Whoever takes a session's events closes it as well, because no two tasks may receive at once.
    await withTaskGroup(of: Void.self) { group in
      group.addTask { [self] in await listen(to: session) }
      group.addTask { [closing] in _ = try? await closing.next() }
      await group.next()
      group.cancelAll()
    }
    await perform(talk.withLock { $0.engineLost() })
    _ = transcribed.offer(())
    await session.close()
  }

  private func listen(to session: any VoiceSession) async {
    var buffer: [UInt8] = []
    do {
      while let event = try await session.next() {
        if case .audio(let audio) = event {
          await play(audio, buffer: &buffer)
        } else {
          await take(event)
        }
      }
    } catch {
      if !isClosed { logger.warning("the voice engine's connection broke", [.error(error)]) }
    }
  }

  private func openSession() async -> (any VoiceSession)? {
    var attempt = 1
    var answered: ContinuousClock.Instant?
    while !isClosed && !Task.isCancelled {
      do {
        let session = try await engine.open(script)
        let isWanted = state.withLock { state in
          if !state.isClosed { state.session = session }
          return !state.isClosed
        }
        if isWanted { return session }
        await session.close()
        return nil
      } catch {
        logger.warning("the voice engine could not be reached", [LogField("attempt", attempt), .error(error)])
      }
      if isAnswered {
        let since = answered ?? .now
        answered = since
        if since.duration(to: .now) > Self.engineLimit { return nil }
      }
      guard (try? await Task.sleep(for: Self.reopen.delay(attempt: attempt))) != nil else {
        return nil
      }
      attempt += 1
    }
    return nil
  }

  /// The agent's audio goes to the carrier as it is.
  private func play(_ audio: AgentAudio, buffer: inout [UInt8]) async {
    let now = control.clock.now()
    guard let stream else { return }
    let verdict = talk.withLock { $0.agentAudio(audio, at: now) }
    if verdict == .drop {
      control.metrics.droppedCut.increment()
      return
    }
    do {
      try await stream.play(audio.payload, buffer: &buffer)
      control.metrics.framesToCarrier.increment()
      if case .playAndMark(let name) = verdict { try await stream.mark(name) }
    } catch {
      // The carrier's own task finds out and ends the conversation.
    }
  }

  private func take(_ event: VoiceEvent) async {
    let now = control.clock.now()
    let (commands, isTranscribed) = talk.withLock { ($0.handle(event, at: now), $0.isTranscribed) }
    await perform(commands)
    _ = news.offer(())
    if isTranscribed { _ = transcribed.offer(()) }
  }

  // MARK: Both sides

  /// Does what the conversation decided. A side that is gone is noticed by the task that listens to it.
  func perform(_ commands: [Conversation.Command]) async {
    guard !commands.isEmpty else { return }
    let (session, stream) = state.withLock { ($0.session, $0.stream) }
    for command in commands {
      do {
        switch command {
        case .greet(let words):
          let directive = "Say this, word for word, and then wait for an answer: \(words)"
          try await session?.speak(instructions: words.isEmpty ? nil : directive)
        case .reply: try await session?.speak(instructions: nil)
        case .cut(let item, let heard): try await session?.interrupt(item: item, heardMilliseconds: heard)
        case .commitSpeech: try await session?.commitSpeech()
        case .answerTool(let id, let output): try await session?.answerTool(id: id, output: output)
        case .clear: try await stream?.clear()
        case .mark(let name): try await stream?.mark(name)
        case .tellOptOut: control.tellOptOutLater(of: call)
        case .hangUp(let reason): control.reportLater(.end(reason), of: call)
        }
      } catch {
        logger.debug("one side of a conversation is gone", [.error(error)])
      }
    }
  }

  /// Connects the carrier's side. False when it has one.
  func attach(_ stream: CarrierStream) -> Bool {
    state.withLock { state in
      guard state.stream == nil, !state.isClosed else { return false }
      state.stream = stream
      return true
    }
  }

  /// Waits, for a short time, until all that the person said is transcribed.
  func awaitLastWords() async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { [self] in
        while !talk.withLock({ $0.isTranscribed }), (try? await transcribed.next()) != nil {}
      }
      group.addTask { try? await Task.sleep(for: Self.lastWordsLimit) }
      await group.next()
      group.cancelAll()
    }
  }
}
