import Core
import Synchronization
import Telephony

@testable import MediaBridge

/// The telephone network: it does what it is asked, says what it does late, twice or never, and remembers everything.
final class Carrier: Sendable {
  private struct State {
    var calls: [ProviderCallID: CarrierCall] = [:]
    var byNumber: [String: [ProviderCallID]] = [:]
    var live = 0
    var stormUntil = Instant.distantPast
  }

  let agenda: Agenda
  let clock: ManualClock
  let draws: Draws
  let faults: Faults
  let witness: Witness
  /// Whether this account gets word of `initiated` too.
  let tellsInitiated: Bool
  private let state = Mutex(State())
  private let delivery = Mutex<Delivery?>(nil)

  /// Takes a callback to the bridge. Not the function alone: one that is kept in a generic container is wrapped once more
  /// at each look at it.
  private struct Delivery {
    var body: @Sendable (Callback) async -> Void
  }

  /// A callback on its way.
  struct Callback: Sendable {
    var kind: TwilioCallback.Kind
    var call: CallID
    var id: ProviderCallID
    var parameters: [(String, String)]
  }

  init(agenda: Agenda, clock: ManualClock, draws: Draws, faults: Faults, witness: Witness) {
    self.agenda = agenda
    self.clock = clock
    self.draws = draws
    self.faults = faults
    self.witness = witness
    tellsInitiated = draws.chance(0.3)
  }

  var liveCalls: Int { state.withLock { $0.live } }

  /// Whether it takes no calls now.
  var isStormy: Bool { state.withLock { clock.now() < $0.stormUntil } }

  func storm(for duration: Duration) { state.withLock { $0.stormUntil = clock.now() + duration } }

  func callsBack(_ deliver: @escaping @Sendable (Callback) async -> Void) {
    delivery.withLock { $0 = Delivery(body: deliver) }
  }

  func call(_ id: ProviderCallID) -> CarrierCall? { state.withLock { $0.calls[id] } }

  /// What the person of a call said, for whoever scores it.
  func word(of call: CallID) -> Course.Word { Course(of: call, longest: .seconds(1)).word }

  // MARK: Requests

  /// Takes a call. From here on it exists.
  func take(_ order: CallOrder, askedAt: Instant) -> ProviderCallID {
    let now = clock.now()
    let lag = draws.chance(0.1) ? draws.seconds(0...5) : .zero
    let call = state.withLock { state in
      let id = ProviderCallID("CA" + UniqueID.derived(from: "call", String(state.calls.count)).hex)
      let call = CarrierCall(
        id: id, order: order,
        course: Course(of: order.call, longest: order.maxDuration + CallDeadline.providerGrace), createdAt: now,
        listedAt: now + lag)
      state.calls[id] = call
      state.byNumber[order.to, default: []].append(id)
      state.live += 1
      return call
    }
    witness.placed(call, askedAt: askedAt, at: now)
    if tellsInitiated { tell(call.id, .initiated) }
    begin(call)
    return call.id
  }

  private func begin(_ call: CarrierCall) {
    let (id, course) = (call.id, call.course)
    switch course.answer {
    case .busy:
      step(id, after: course.ring) { [self] in end(id, .busy) }
    case .broken(let sipCode):
      step(id, after: course.ring) { [self] in end(id, .failed, sipCode: sipCode) }
    case .nobody:
      step(id, after: .seconds(1)) { [self] in advance(id, to: .ringing) }
      step(id, after: course.ring) { [self] in end(id, .noAnswer) }
    case .machine, .human:
      step(id, after: .seconds(1)) { [self] in advance(id, to: .ringing) }
      step(id, after: course.ring) { [self] in answer(id) }
      step(id, after: course.ring + course.talk) { [self] in end(id, .completed) }
    }
  }

  func listed(to: String, from: String) -> [ListedCall] {
    let now = clock.now()
    return state.withLock { state in
      (state.byNumber[to] ?? []).compactMap { state.calls[$0] }.filter { $0.order.from == from && $0.listedAt <= now }
        .map { ListedCall(report: $0.report, to: to, from: from, createdAt: $0.createdAt) }
    }
  }

  func hangUp(_ id: ProviderCallID) -> ChangeAnswer {
    guard let call = call(id), call.isLive else { return .alreadyOver }
    end(id, call.answeredAt == nil ? .canceled : .completed)
    return .done
  }

  func update(_ id: ProviderCallID) -> ChangeAnswer {
    guard let call = call(id), call.isLive, call.answeredAt != nil else { return .alreadyOver }
    step(id, after: .seconds(10)) { [self] in end(id, .completed) }
    return .done
  }

  func setStream(_ host: String?, of id: ProviderCallID) {
    state.withLock { $0.calls[id]?.streamHost = host }
  }

  // MARK: Progress

  private func step(_ id: ProviderCallID, after delay: Duration, _ body: @escaping @Sendable () -> Void) {
    agenda.add(clock.now() + delay, "carrier") { body() }
  }

  private func advance(_ id: ProviderCallID, to status: ProviderStatus) {
    let moved = state.withLock { state in
      guard let call = state.calls[id], call.isLive, call.answeredAt == nil else { return false }
      state.calls[id]?.status = status
      return true
    }
    if moved { tell(id, status) }
  }

  private func answer(_ id: ProviderCallID) {
    let now = clock.now()
    let answered: CarrierCall? = state.withLock { state in
      guard let call = state.calls[id], call.isLive else { return nil }
      state.calls[id]?.status = .inProgress
      state.calls[id]?.answeredAt = now
      if case .machine = call.course.answer { state.calls[id]?.answeredBy = .machineEndBeep }
      return state.calls[id]
    }
    guard let answered else { return }
    tell(id, .inProgress)
    if let verdict = answered.answeredBy {
      send(
        .init(
          kind: .machineDetection, call: answered.order.call, id: id,
          parameters: [("CallSid", id.text), ("AnsweredBy", verdict.rawValue)]), after: draws.seconds(2...5))
    } else if answered.course.hasStream {
      send(
        .init(kind: .voice, call: answered.order.call, id: id, parameters: [("CallSid", id.text)]),
        after: draws.seconds(0.05...0.3))
    }
  }

  private func end(_ id: ProviderCallID, _ status: ProviderStatus, sipCode: Int? = nil) {
    let now = clock.now()
    let ended: CarrierCall? = state.withLock { state in
      guard let call = state.calls[id], call.isLive else { return nil }
      state.calls[id]?.status = status
      state.calls[id]?.sipCode = sipCode
      state.calls[id]?.endedAt = now
      state.live -= 1
      return state.calls[id]
    }
    guard let ended else { return }
    witness.ended(ended, at: now)
    tell(id, status)
    if ended.streamHost != nil {
      send(.init(kind: .voice, call: ended.order.call, id: id, parameters: []), after: draws.seconds(0.1...2))
    }
  }

  // MARK: Callbacks

  private func tell(_ id: ProviderCallID, _ status: ProviderStatus) {
    let (told, sequence) = state.withLock { state in
      let sequence = state.calls[id]?.webhooks ?? 0
      state.calls[id]?.webhooks += 1
      return (state.calls[id], sequence)
    }
    guard let told else { return }
    var parameters = [
      ("CallSid", id.text), ("CallStatus", status.rawValue), ("SequenceNumber", String(sequence)),
    ]
    if let sipCode = told.sipCode { parameters.append(("SipResponseCode", String(sipCode))) }
    if let duration = told.report.duration { parameters.append(("CallDuration", String(Int(duration.inSeconds)))) }
    if let verdict = told.answeredBy, status.isTerminal { parameters.append(("AnsweredBy", verdict.rawValue)) }
    send(.init(kind: .status, call: told.order.call, id: id, parameters: parameters), after: draws.seconds(0.05...2))
  }

  private func send(_ callback: Callback, after delay: Duration) {
    // The end of a stream is no callback: its socket closes.
    let isCallback = !callback.parameters.isEmpty
    if isCallback, faults.happens(\.lostWebhook, "callback lost") { return }
    var delay = delay
    if faults.happens(\.lateWebhook, "callback late") { delay = draws.seconds(5...240) }
    put(callback, after: delay)
    if isCallback, faults.happens(\.doubledWebhook, "callback twice") { put(callback, after: draws.seconds(0...60)) }
  }

  private func put(_ callback: Callback, after delay: Duration) {
    agenda.add(clock.now() + delay, "callback \(callback.kind.rawValue)") { [self] in
      guard let delivery = delivery.withLock({ $0 }) else { return }
      await delivery.body(callback)
    }
  }
}

extension UniqueID {
  /// 32 hexadecimal digits.
  var hex: String { description.filter { $0 != "-" } }
}
