import Core
import Telephony

@testable import MediaBridge

/// The carrier as one process of the bridge reaches it: requests fail before they are sent, on their way, and after they
/// took effect.
struct SimulatedProvider: TelephonyProvider {
  let name = "twilio"
  let host: Host
  let carrier: Carrier

  private var faults: Faults { carrier.faults }

  func place(_ order: CallOrder) async -> PlacementAnswer {
    guard host.isAlive else { return .unsure(reason: "crashed") }
    carrier.witness.asked(order, at: carrier.clock.now())
    if faults.happens(\.crash, "crash before the provider was asked") {
      host.crash()
      return .unsure(reason: "crashed")
    }
    if faults.happens(\.unreachable, "provider unreachable") { return .later(code: "unreachable") }
    if carrier.isStormy || faults.happens(\.later, "provider says later") { return .later(code: "20429") }
    if faults.happens(\.refused, "provider refuses") { return .refused(code: "21211") }
    if faults.happens(\.lostPlacement, "placement lost") { return .unsure(reason: "timed out") }
    let askedAt = carrier.clock.now()
    if faults.happens(\.latePlacement, "placement late") {
      // The request arrives when nobody waits for its answer any more.
      carrier.agenda.add(askedAt + carrier.draws.seconds(0.1...9)) { [carrier] in
        _ = carrier.take(order, askedAt: askedAt)
      }
      return .unsure(reason: "timed out")
    }
    let id = carrier.take(order, askedAt: askedAt)
    if faults.happens(\.lie, "provider lies") { return .later(code: "20429") }
    if faults.happens(\.lostPlaced, "answer of a placement lost") { return .unsure(reason: "timed out") }
    if faults.happens(\.crash, "crash after the provider took the call") {
      host.crash()
      return .unsure(reason: "crashed")
    }
    return .accepted(id)
  }

  func hangUp(_ id: ProviderCallID) async -> ChangeAnswer {
    guard host.isAlive, !faults.happens(\.deafProvider, "hang-up lost") else { return .tryAgain(reason: "lost") }
    return carrier.hangUp(id)
  }

  func update(_ id: ProviderCallID, saying message: String) async -> ChangeAnswer {
    guard host.isAlive, !faults.happens(\.deafProvider, "update lost") else { return .tryAgain(reason: "lost") }
    return carrier.update(id)
  }

  func lookUp(_ id: ProviderCallID) async throws -> ProviderReport? {
    try reach()
    return carrier.call(id)?.report
  }

  func find(to: String, from: String) async throws -> [ListedCall] {
    try reach()
    return carrier.listed(to: to, from: from)
  }

  private func reach() throws {
    guard host.isAlive, !faults.happens(\.deafProvider, "question lost") else { throw ProviderError(message: "lost") }
  }
}

extension Agenda {
  fileprivate func add(_ at: Instant, _ body: @escaping @Sendable () -> Void) { add(at, "late placement") { body() } }
}

/// The engine's side of a call in which nobody speaks: a session that lasts until it is closed.
struct SilentEngine: VoiceEngine {
  func open(_ script: CallScript) async throws -> any VoiceSession { SilentSession() }
}

private final class SilentSession: VoiceSession {
  private let end = BoundedQueue<Never>(capacity: 1)

  func next() async throws -> VoiceEvent? {
    _ = try await end.next()
    return nil
  }

  func hear(_ audio: AudioPayload, buffer: inout [UInt8]) async throws {}
  func speak(instructions: String?) async throws {}
  func interrupt(item: String, heardMilliseconds: Int) async throws {}
  func commitSpeech() async throws {}
  func answerTool(id: String, output: String) async throws {}
  func close() async { end.close() }
}
