import Core
import Lifecycle
import Logging
import Synchronization
import Telephony

/// Takes what is learned about calls and does what follows from it. All that changes a call goes through here.
final class CallControl: Sendable {
  let store: CallStore
  let clock: any BusinessClock
  let deadlines: CallDeadline
  let metrics: BridgeMetrics
  let tasks: TaskPool
  private let providers: [String: any TelephonyProvider]
  /// Until when providers take no more calls, by their own word.
  private let throttled = Mutex<[String: Instant]>([:])
  private let logger: Logger

  init(
    store: CallStore, providers: [any TelephonyProvider], clock: any BusinessClock, tasks: TaskPool,
    metrics: BridgeMetrics, logger: Logger
  ) {
    self.store = store
    self.clock = clock
    self.tasks = tasks
    self.metrics = metrics
    self.logger = logger
    self.providers = Dictionary(providers.map { ($0.name, $0) }) { first, _ in first }
    deadlines = CallDeadline(realSecond: clock.realDuration(of: .seconds(1)))
  }

  /// How long a provider wants to be left alone, at least a second.
  func pause(of provider: String) -> Duration {
    let until = throttled.withLock { $0[provider] }
    return max(.seconds(1), until.map { clock.now().duration(to: $0) } ?? .zero)
  }

  func provider(_ name: String) -> (any TelephonyProvider)? { providers[name] }

  /// Takes a report. Returns once it is committed; what the provider must be told is told afterwards.
  ///
  /// Throws: `PostgresError`; nothing has changed then, or nobody knows, and taking the report again does no harm.
  @discardableResult
  func report(
    _ report: CallReport, of call: CallID, webhook: StoredWebhook? = nil, owner: InstanceID? = nil
  ) async throws -> Applied? {
    let applied = try await store.apply(
      report, to: call, now: clock.now(), deadlines: deadlines, webhook: webhook, owner: owner)
    guard let applied else { return nil }
    for effect in applied.effects {
      switch effect {
      case .progressed(let state):
        metrics.transitions.increment(state.rawValue)
      case .finished:
        metrics.transitions.increment(applied.call.record.state.rawValue)
        logger.info(
          "a call ended",
          [
            LogField("call_id", call), LogField("state", applied.call.record.state.rawValue),
            LogField("failure", applied.call.record.failure ?? ""),
          ])
      case .carryOut:
        tasks.spawn(id: "carry-out") { [self] in await carryOut(applied.call) }
      case .stray(let id):
        metrics.strays.increment()
        logger.error(
          "the provider has a call that should not be; it is hung up",
          [LogField("call_id", call), LogField("provider_call_id", id)])
        tasks.spawn(id: "stray") { [self] in _ = await provider(applied.call.provider)?.hangUp(id) }
      case .record, .ask, .sessionBegan:
        break
      }
    }
    return applied
  }

  /// Takes a report that must not get lost, in the background; the call's deadline catches what fails here for long.
  func reportLater(_ report: CallReport, of call: CallID) {
    later(of: call) { [self] in try await self.report(report, of: call) }
  }

  /// Tells, in the background, that the person asked not to be called again. Telling it twice does no harm.
  func tellOptOutLater(of call: CallID) {
    logger.info("a person asked not to be called again", [LogField("call_id", call)])
    later(of: call) { [self] in try await store.tellOptOut(of: call, now: clock.now()) }
  }

  private func later(of call: CallID, _ change: @escaping @Sendable () async throws -> Void) {
    tasks.spawn(id: "report") { [self] in
      let backoff = Backoff(initial: .milliseconds(100), maximum: .seconds(5))
      for attempt in 1...8 {
        do {
          try await change()
          return
        } catch {
          logger.warning(
            "a call's change could not be stored; trying again", [LogField("call_id", call), .error(error)])
          guard (try? await Task.sleep(for: backoff.delay(attempt: attempt))) != nil else { return }
        }
      }
    }
  }

  /// Tells the provider what a call's intent says. What fails is tried again by whoever takes up the call next.
  func carryOut(_ call: StoredCall) async {
    guard let intent = call.record.intent, let id = call.record.providerCallID, let provider = provider(call.provider)
    else { return }
    do {
      let answer: ChangeAnswer
      switch intent {
      case .hangUp:
        answer = await provider.hangUp(id)
      case .leaveVoicemail:
        let script = try await store.script(of: call.call, tenant: call.tenant)
        answer = await provider.update(id, saying: script?.voicemail ?? "")
      }
      switch answer {
      case .done: try await report(.carriedOut(intent), of: call.call)
      case .alreadyOver: try await report(.tooLate(intent), of: call.call)
      case .tryAgain(let reason):
        logger.warning(
          "the provider could not be told to change a call; trying again",
          [LogField("call_id", call.call), LogField("intent", intent.rawValue), LogField("reason", reason)])
      }
    } catch {
      logger.warning("a call's change could not be stored", [LogField("call_id", call.call), .error(error)])
    }
  }

  // MARK: Placing

  /// Asks the provider for a call that is down as being asked for, and writes down the answer. What comes too late, since
  /// the process stood still, is not asked: its permit may have run out, or the call been given up.
  ///
  /// - Parameter since: From before it was written down.
  /// Throws: when the answer could not be stored. The call is looked up later, never asked for again.
  func place(
    _ order: CallOrder, with provider: any TelephonyProvider, since: ContinuousClock.Instant
  ) async throws -> Applied? {
    let isLate = clock.now() >= order.expiresAt || since.duration(to: .now) > CallUpkeep.leaveLimit
    let answer = isLate ? .later(code: CallFailure.late) : await provider.place(order)
    switch answer {
    case .accepted: metrics.placements.increment("accepted")
    case .refused(let code):
      metrics.placements.increment("refused")
      logger.warning("the provider refuses a call", [LogField("call_id", order.call), LogField("code", code)])
    case .later(let code):
      metrics.placements.increment("later")
      logger.warning("the provider takes no call now", [LogField("call_id", order.call), LogField("code", code)])
    case .throttled(let code, let after):
      metrics.placements.increment("throttled")
      throttled.withLock { $0[provider.name] = clock.now() + after }
      logger.warning("the provider takes no more calls for a while", [LogField("code", code)])
    case .unsure(let reason):
      metrics.placements.increment("unsure")
      logger.warning(
        "nobody knows whether a call was placed; it is looked up, not asked for again",
        [LogField("call_id", order.call), LogField("reason", reason)])
    }
    return try await report(.answer(answer), of: order.call)
  }

  /// Asks again for a call that was refused for now, while its permit lives.
  func placeAgain(_ call: StoredCall) async throws {
    guard clock.now() < call.expiresAt else {
      try await report(.permitExpired, of: call.call)
      return
    }
    guard let provider = provider(call.provider),
      let script = try await store.script(of: call.call, tenant: call.tenant)
    else { return }
    // From here on the call counts as asked for: should this instance die, it is looked up.
    let since = ContinuousClock.now
    guard try await report(.asking, of: call.call)?.effects.contains(.ask) == true else { return }
    _ = try await place(CallOrder(call, script: script), with: provider, since: since)
  }

  /// Finds out what became of a request whose answer nobody has.
  func reconcile(_ call: StoredCall, hasSettled: Bool) async throws {
    guard let provider = provider(call.provider) else { return }
    let listed = try await provider.find(to: call.to, from: call.from)
    let known = try await store.known(listed.map(\.report.id), of: call)
    let verdict = Reconciliation.decide(
      to: call.to, from: call.from, askedAt: call.askedAt ?? call.record.requestedAt, listed: listed, known: known,
      hasSettled: hasSettled)
    switch verdict {
    case .adopt(let found):
      logger.info("a call in doubt was found at the provider", [LogField("call_id", call.call)])
      try await report(.provider(found.report), of: call.call)
    case .notPlaced:
      logger.warning("a call in doubt was never placed", [LogField("call_id", call.call)])
      try await report(.notFound, of: call.call)
    case .lookAgain:
      break
    }
  }

  /// Looks at a call of which nothing was heard by its deadline.
  func lookAfter(_ call: StoredCall) async throws {
    guard let id = call.record.providerCallID, let provider = provider(call.provider) else {
      // In doubt to the end: the provider could not be asked in all this time.
      if call.record.placement == .asking || call.record.placement == .unsure {
        try await report(.lostTrack, of: call.call)
      }
      return
    }
    guard let found = try await provider.lookUp(id) else {
      try await report(.lostTrack, of: call.call)
      return
    }
    let known = try await report(.provider(found), of: call.call)?.call ?? call
    guard !found.status.isTerminal,
      CallDeadline.isOverdue(
        at: clock.now(), answeredAt: known.record.answeredAt, maxDuration: call.maxDuration, expiresAt: call.expiresAt)
    else { return }
    logger.warning(
      "a call is overdue and is hung up", [LogField("call_id", call.call), LogField("status", found.status.rawValue)])
    try await report(.end(.overdue), of: call.call)
  }
}

extension CallOrder {
  /// The order of a call that is down already; its evidence is not needed any more.
  fileprivate init(_ call: StoredCall, script: CallScript) {
    self.init(
      tenant: call.tenant, call: call.call, campaign: call.campaign, lead: call.lead, attemptNumber: call.attemptNumber,
      to: call.to, from: call.from, grantedAt: call.record.requestedAt, expiresAt: call.expiresAt, policyVersion: 0,
      evidence: [], provider: call.provider, script: script, maxDuration: call.maxDuration,
      leaveVoicemail: call.record.leavesVoicemail)
  }
}
