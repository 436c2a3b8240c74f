import Core
import HTTP
import Logging

/// Carries out one TwiML document on an answered call.
struct TwiMLExecution: Sendable {
  let runner: CallRunner
  let leg: MediaLeg

  private var call: Call { runner.call }
  private var network: CallNetwork { runner.network }

  /// Returns at the end of the document, or of the call.
  func run(_ document: TwiML) async -> CallRunner.Ending {
    for (index, verb) in document.verbs.enumerated() {
      if let ending = await perform(verb, index) { return ending }
    }
    return .over(by: .caller)
  }

  private func perform(_ verb: TwiML.Verb, _ index: Int) async -> CallRunner.Ending? {
    switch verb {
    case .hangUp: return .over(by: .caller)
    case .say(let text, let times):
      leg.play([TwiMLExecution.speech(text, utterance: "\(call.sid) \(index)")], times: times, verb: index)
      return await untilPlayed(index)
    case .play(let url, let times):
      guard let audio = await network.webhooks.fetch(url).flatMap({ PlayableAudio($0) }) else {
        runner.fault(12300)
        return nil
      }
      leg.play([audio.bytes], times: times, verb: index)
      return await untilPlayed(index)
    case .pause(let duration):
      leg.pause(duration, verb: index)
      return await untilPlayed(index)
    case .connectStream(let stream): return await connect(stream)
    }
  }

  private static func speech(_ text: String, utterance: String) -> [UInt8] {
    var player = SpeechPlayer(SpeechPlan(text, utterance: UInt32(truncatingIfNeeded: hash64(utterance))))
    var audio: [UInt8] = []
    while !player.isFinished {
      if !player.appendFrame(to: &audio) { audio.append(contentsOf: AudioFrame.silent) }
    }
    return audio
  }

  private func startAudio() {
    if leg.start(at: network.pacer.audioTime) { network.pacer.add(leg) }
  }

  private func untilPlayed(_ verb: Int) async -> CallRunner.Ending? {
    startAudio()
    while true {
      let signal = await runner.next()
      if case .media(.played(verb)) = signal { return nil }
      if let ending = runner.common(signal) {
        leg.stopPlaying()
        return ending
      }
    }
  }

  // MARK: Media stream

  private func connect(_ stream: TwiML.Stream) async -> CallRunner.Ending? {
    let socket: WebSocket
    do {
      // Query strings do not travel; identifiers go in the path or in parameters.
      let url = String(stream.url.prefix { $0 != "?" && $0 != "#" })
      socket = try await WebSocketClient.connect(
        url: url, headers: ["X-Twilio-Signature": network.webhooks.signature(url: url)])
    } catch {
      network.logger.warning("media stream refused", [LogField("call", call.sid), .error(error)])
      runner.fault(31920)
      return nil
    }
    return await withTaskGroup(of: Void.self) { group in
      let outbox = Outbox()
      let framer = StreamFramer(
        streamSid: network.newSid("MZ"), accountSid: network.account.sid, callSid: call.sid)
      let mishap = network.mischief.next(.stream, about: call.number)
      leg.attach(framer, parameters: stream.parameters, to: outbox, cutAfter: mishap?.frames)
      group.addTask { try? await outbox.send(to: socket) }
      group.addTask { await receive(from: socket, streamSid: Array(framer.streamSid.utf8)) }
      startAudio()
      let end = await untilStreamEnds()
      // The other end of a broken stream, or of one that it does not read, is not told: its connection ends when nobody
      // holds the socket any more.
      let isBroken = end.isCut || outbox.count > MediaLeg.backlog
      if isBroken { outbox.close() }
      leg.detach()
      if !isBroken {
        await group.next()  // The outbox is empty, or the socket has failed.
        await socket.close()
      }
      group.cancelAll()
      return end.ending
    }
  }

  private func receive(from socket: WebSocket, streamSid: [UInt8]) async {
    do {
      while let message = try await socket.receive() {
        guard case .text(let text) = message else {
          runner.fault(31950)
          break
        }
        leg.take(StreamCommand(text, streamSid: streamSid))
      }
    } catch {
      if !Task.isCancelled { runner.fault(31921) }
    }
    _ = call.signals.offer(.streamClosed)
  }

  private func untilStreamEnds() async -> (ending: CallRunner.Ending?, isCut: Bool) {
    while true {
      let signal = await runner.next()
      if case .streamClosed = signal { return (nil, false) }
      if case .media(.streamCut) = signal {
        call.change { $0.misbehavior.append(.streamCut) }
        return (nil, true)
      }
      if let ending = runner.common(signal) { return (ending, false) }
    }
  }
}

/// Audio that a `<Play>` may fetch: raw µ-law (`audio/basic`), or a WAV file of µ-law at 8 kHz in one channel.
struct PlayableAudio: Hashable, Sendable {
  var bytes: [UInt8]

  init?(_ response: HTTPClientResponse) {
    let type = response.headers["content-type"] ?? ""
    if type.hasPrefix("audio/basic") {
      bytes = response.body
    } else if type.contains("wav"), let data = PlayableAudio.wav(response.body) {
      bytes = data
    } else {
      return nil
    }
  }

  /// The samples of a WAV file: chunks of RIFF, of which `fmt ` (format 7) and `data` matter.
  static func wav(_ file: [UInt8]) -> [UInt8]? {
    guard file.count >= 12, file[0..<4].elementsEqual("RIFF".utf8), file[8..<12].elementsEqual("WAVE".utf8) else {
      return nil
    }
    func number(_ at: Int, _ bytes: Int) -> Int {
      (0..<bytes).reduce(0) { $0 | Int(file[at + $1]) << ($1 * 8) }
    }
    var position = 12
    var isPlayable = false
    while position + 8 <= file.count {
      let size = number(position + 4, 4)
      let start = position + 8
      guard size <= file.count - start else { return nil }
      if file[position..<(position + 4)].elementsEqual("fmt ".utf8), size >= 16 {
        isPlayable = number(start, 2) == 7 && number(start + 2, 2) == 1 && number(start + 4, 4) == 8_000
      } else if file[position..<(position + 4)].elementsEqual("data".utf8) {
        return isPlayable ? Array(file[start..<(start + size)]) : nil
      }
      position = start + size + size % 2
    }
    return nil
  }
}
