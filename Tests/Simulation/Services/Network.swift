import Core
import RPC
import RingmasterMessages
import RingmasterServices
import Synchronization
import Wire

/// What lies between the services: calls get lost on the way there or back, come late, or twice. Knowledge and scores are
/// answered here, as their services hold nothing that a call depends on.
final class Network: ClientInterceptor {
  private let agenda: Agenda
  private let clock: ManualClock
  private let draws: Draws
  private let faults: Faults
  private let carrier: Carrier
  /// Whose code is running.
  private let caller: @Sendable () -> Host?
  /// A process of the bridge that lives, if there is one.
  private let bridge: @Sendable () -> Bridge?

  init(
    agenda: Agenda, clock: ManualClock, draws: Draws, faults: Faults, carrier: Carrier,
    caller: @escaping @Sendable () -> Host?, bridge: @escaping @Sendable () -> Bridge?
  ) {
    self.agenda = agenda
    self.clock = clock
    self.draws = draws
    self.faults = faults
    self.carrier = carrier
    self.caller = caller
    self.bridge = bridge
  }

  func intercept(
    _ method: MethodDescriptor, request: [UInt8], options: CallOptions,
    next: @Sendable (_ request: [UInt8], _ options: CallOptions) async throws -> [UInt8]
  ) async throws -> [UInt8] {
    guard let caller = caller(), caller.isAlive else { throw Self.lost }
    if faults.happens(\.crash, "crash before a call") {
      caller.crash()
      throw Self.lost
    }
    if method == MediaServiceMethods.placeCall { try witness(request, options) }
    if faults.happens(\.lostRequest, "request lost") { throw Self.lost }
    let answer: [UInt8]
    switch method {
    case KnowledgeServiceMethods.buildCallBrief: answer = try brief(request)
    case ScorerServiceMethods.scoreCall: answer = try score(request)
    default: answer = try await forward(method, request, options)
    }
    if faults.happens(\.lostAnswer, "answer lost") { throw Self.lost }
    if faults.happens(\.crash, "crash after a call") {
      caller.crash()
      throw Self.lost
    }
    return answer
  }

  private func witness(_ request: [UInt8], _ options: CallOptions) throws {
    guard let permit = try PlaceCallRequest.decode(request).permit, let tenant = TenantID(options.tenant ?? "") else {
      return
    }
    carrier.witness.requested(permit, tenant: tenant, at: clock.now())
  }

  private func forward(_ method: MethodDescriptor, _ request: [UInt8], _ options: CallOptions) async throws -> [UInt8] {
    let context = CallContext(
      tenant: options.tenant ?? "", actor: options.actor ?? "", idempotencyKey: options.idempotencyKey ?? "")
    if faults.happens(\.lateRequest, "request late") {
      agenda.add(clock.now() + draws.seconds(0.1...60), "late request") { [bridge] in
        _ = try? await bridge()?.handle(method, request, context)
      }
      throw Self.lost
    }
    guard let bridge = bridge() else { throw RPCError(.unavailable, "no connection") }
    let answer = try await bridge.handle(method, request, context)
    if faults.happens(\.doubledRequest, "request twice") {
      _ = try? await self.bridge()?.handle(method, request, context)
    }
    return answer
  }

  private func brief(_ request: [UInt8]) throws -> [UInt8] {
    var brief = CallBrief()
    brief.callId = try BuildCallBriefRequest.decode(request).callId
    brief.instructions = "Be kind."
    brief.greeting = "Hello."
    brief.voicemailScript = "Please call us back."
    return brief.encoded()
  }

  private func score(_ request: [UInt8]) throws -> [UInt8] {
    let asked = try ScoreCallRequest.decode(request)
    var score = Score()
    guard let call = CallID(asked.callId), let lead = LeadID(asked.leadId) else { throw RPCError(.invalidArgument, "") }
    let course = Course(of: call, longest: .seconds(1))
    if case .machine = course.answer {
      score.disposition = .machine
    } else {
      switch course.word {
      case .qualified: (score.disposition, score.score, score.qualified) = (.conversed, 80, true)
      case .unqualified: (score.disposition, score.score) = (.conversed, 20)
      case .declined: score.disposition = .declined
      case .optedOut:
        score.disposition = .optedOut
        carrier.witness.optedOut(lead, at: clock.now())
      case .wrongPerson: score.disposition = .wrongPerson
      case .callback: score.disposition = .callback
      case .silent: score.disposition = .silent
      }
    }
    return score.encoded()
  }

  private static let lost = RPCError(.deadlineExceeded, "no answer within the deadline")
}
