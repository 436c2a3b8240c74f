import Core
import HTTP
import Logging

/// The carrier's side of a live call.
extension LiveCall {
  private static let storeRetry = Backoff(initial: .milliseconds(100), maximum: .seconds(5))

  /// Holds the conversation until the carrier's stream ends, then writes down what is left to write. Returns when the
  /// call's session is closed in the store, which is what lets the call's end be told.
  func converse(over stream: CarrierStream) async {
    let isWhole = await withTaskGroup(of: Void.self) { group in
      group.addTask { [self] in await recordNews() }
      await perform(talk.withLock { $0.streamStarted() })
      let isWhole = await relay(stream.socket)
      await perform(talk.withLock { $0.streamEnded() })
      await awaitLastWords()
      close()
      talk.withLock { $0.transcript.finish() }
      news.close()
      await group.waitForAll()
      return isWhole
    }
    await finish(isWhole ? .sessionClosed : .sessionBroken)
  }

  /// Takes what the carrier sends until the stream ends.
  ///
  /// - Returns: Whether the carrier said so; else the stream broke.
  private func relay(_ socket: WebSocket) async -> Bool {
    var buffer: [UInt8] = []
    var late = LateAudio()
    do {
      while let message = try await socket.receive() {
        guard case .text(let bytes) = message, let parsed = TwilioStreamMessage.parse(bytes) else {
          control.metrics.invalidMessages.increment()
          continue
        }
        switch parsed {
        case .media(let audio, let timestamp): await hear(audio, timestamp, late: &late, buffer: &buffer)
        case .mark(let name):
          await perform(talk.withLock { $0.markReached(name) })
          _ = news.offer(())
        case .stop: return true
        case .connected, .start, .ignored: break
        }
      }
    } catch {
      logger.info("a call's stream broke off", [.error(error)])
    }
    return false
  }

  /// The person's audio goes to the engine as it is.
  private func hear(_ audio: AudioPayload, _ timestamp: Int?, late: inout LateAudio, buffer: inout [UInt8]) async {
    let (forward, commands, time) = talk.withLock { talk in
      let (forward, commands) = talk.personAudio(bytes: audio.byteCount, timestamp: timestamp)
      return (forward, commands, talk.time)
    }
    if !commands.isEmpty { await perform(commands) }
    guard forward, let session else {
      control.metrics.droppedEarly.increment()
      return
    }
    guard !late.isLate(time) else {
      control.metrics.droppedLate.increment()
      return
    }
    let start = ContinuousClock.now
    do {
      try await session.hear(audio, buffer: &buffer)
      control.metrics.framesToEngine.increment()
    } catch {
      // The engine's own task finds out and ends the conversation.
    }
    let held = start.duration(to: .now)
    late.sent(held: held, passed: Int(held.inSeconds * callMillisecondsPerSecond), at: time)
  }

  // MARK: The transcript

  /// Writes what was said as it is said, so that a call whose bridge dies keeps it.
  private func recordNews() async {
    var unwritten = Unwritten()
    while (try? await news.next()) != nil {
      unwritten.take(from: self)
      _ = await write(&unwritten)
    }
    unwritten.take(from: self)
    var attempt = 1
    while await !write(&unwritten) {
      let delay = Self.storeRetry.delay(attempt: attempt)
      guard (try? await Task.sleep(for: delay)) != nil else { return }
      attempt += 1
    }
  }

  /// What was said and is not in the store yet.
  private struct Unwritten {
    var turns: [Transcript.Turn] = []
    var usage = EngineUsage()
    var latencies: [Int32] = []
    var isChanged = false

    mutating func take(from live: LiveCall) {
      let (changes, usage, latencies) = live.talk.withLock {
        ($0.transcript.takeChanges(), $0.usage, $0.latencies)
      }
      for latency in latencies.dropFirst(self.latencies.count) {
        live.control.metrics.turnLatency.observe(.milliseconds(Int(latency)))
      }
      isChanged = isChanged || !changes.isEmpty || usage != self.usage || latencies.count != self.latencies.count
      (self.usage, self.latencies) = (usage, latencies)
      let items = Set(changes.map(\.item))
      turns = turns.filter { !items.contains($0.item) } + changes
    }
  }

  private func write(_ unwritten: inout Unwritten) async -> Bool {
    guard unwritten.isChanged else { return true }
    do {
      try await control.store.save(
        unwritten.turns, usage: unwritten.usage, latencies: unwritten.latencies, of: call, tenant: tenant)
      (unwritten.turns, unwritten.isChanged) = ([], false)
      return true
    } catch {
      logger.warning("what was said could not be stored; trying again", [.error(error)])
      return false
    }
  }

  private func finish(_ end: CallReport) async {
    var attempt = 1
    while true {
      do {
        try await control.report(end, of: call)
        return
      } catch {
        logger.warning("a conversation's end could not be stored; trying again", [.error(error)])
        let delay = Self.storeRetry.delay(attempt: attempt)
        guard (try? await Task.sleep(for: delay)) != nil else { return }
        attempt += 1
      }
    }
  }
}
