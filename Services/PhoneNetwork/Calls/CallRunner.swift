import Core
import HTTP
import Logging

/// Makes one call happen: finds the telephone, rings, lets somebody answer, carries out the TwiML, hangs up.
struct CallRunner: Sendable {
  /// SIP response codes of the ends of a call (RFC 3261, section 21).
  enum SIP {
    static let answered = 200
    static let notFound = 404
    static let busy = 486
    static let terminated = 487
    static let unavailable = 503
  }

  /// What a TwiML document came to.
  enum Ending: Sendable {
    case over(by: CallRecord.EndedBy)
    case redirected(CreateCall.Instructions)
  }

  let call: Call
  let network: CallNetwork

  /// Runs the call to its end, and its last callback to the caller's server. When cancelled it ends at once.
  func run() async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await CallbackDelivery(call: call, network: network).run() }
      if await reachesTelephone() { await talk() }
      call.end(.failed, sipCode: SIP.unavailable, by: .shutdown, at: network.clock.now())
      await group.waitForAll()
    }
    network.metrics.ended(call.record)
  }

  // MARK: Ringing

  /// Whether somebody answered; else the call has ended.
  private func reachesTelephone() async -> Bool {
    let record = call.record
    guard await waits(until: record.createdAt + record.plan.setupDelay) else { return false }
    let begun = network.clock.now()
    call.report(.initiated, at: begun)
    switch record.plan.fate {
    case .unassigned:
      call.end(.failed, sipCode: SIP.notFound, at: begun)
      return false
    case .networkFailure:
      call.end(.failed, sipCode: SIP.unavailable, at: begun)
      return false
    case .busy(let delay):
      if await waits(until: begun + delay) { call.end(.busy, sipCode: SIP.busy, at: network.clock.now()) }
      return false
    case .noAnswer: return await rings(from: begun, answeredAfter: nil)
    case .answered(let delay, _): return await rings(from: begun, answeredAfter: delay)
    }
  }

  private func rings(from begun: Instant, answeredAfter delay: Duration?) async -> Bool {
    call.report(.ringing, at: begun) { $0.ring(at: begun) }
    let timeout = call.record.request.timeout
    let answers = delay.map { $0 < timeout } ?? false
    guard await waits(until: begun + (answers ? delay ?? timeout : timeout)) else { return false }
    let now = network.clock.now()
    guard answers else {
      call.end(.noAnswer, sipCode: SIP.terminated, at: now)
      return false
    }
    call.report(.answered, at: now) { $0.answer(at: now) }
    return true
  }

  /// Waits; false when the caller ended the call meanwhile.
  private func waits(until deadline: Instant) async -> Bool {
    while true {
      switch await next(until: deadline) {
      case nil: return !Task.isCancelled
      case .cancel, .hangUp:
        call.end(.canceled, sipCode: SIP.terminated, at: network.clock.now())
        return false
      case .redirect, .media, .streamClosed: continue  // Instructions cannot be replaced before there is an answer.
      }
    }
  }

  // MARK: Talking

  private func talk() async {
    let record = call.record
    guard case .answered(_, let answerer) = record.plan.fate else { return }
    let signals = call.signals
    let leg = MediaLeg(
      Answerer(answerer, utterance: UInt32(truncatingIfNeeded: hash64(call.sid))),
      timeLimit: record.request.timeLimit, stall: network.stall,
      detection: record.request.detection, isMisjudged: record.plan.misjudged, latency: network.latency
    ) { _ = signals.offer(.media($0)) }
    var instructions = record.request.instructions
    var ending = CallRecord.EndedBy.caller
    execution: while true {
      guard let document = await fetch(instructions) else { break }
      switch await TwiMLExecution(runner: self, leg: leg).run(document) {
      case .over(let by):
        ending = by
        break execution
      case .redirected(let next): instructions = next
      }
    }
    leg.end()
    let summary = leg.summary
    call.change { record in
      record.conversation = ConversationTruth(summary.answerer, frames: summary.frames)
      record.faults += summary.faults
    }
    call.end(.completed, sipCode: SIP.answered, by: Task.isCancelled ? .shutdown : ending, at: network.clock.now())
  }

  private func fetch(_ instructions: CreateCall.Instructions) async -> TwiML? {
    let bytes: [UInt8]
    switch instructions {
    case .twiml(let text): bytes = Array(text.utf8)
    case .url(let target):
      guard let response = await network.webhooks.send(call.record.instructionsRequest(target)) else {
        fault(11200)
        return nil
      }
      guard response.headers["content-type"].map({ $0.contains("xml") }) ?? false else {
        fault(12300)
        return nil
      }
      bytes = response.body
    }
    do {
      let document = try TwiML(bytes)
      if !document.skipped.isEmpty { fault(12200) }
      return document
    } catch {
      network.logger.warning("TwiML refused", [LogField("call", call.sid), LogField("code", error.code)])
      fault(error.code)
      return nil
    }
  }

  /// Notes what the caller's side did wrong, as Twilio's debugger does.
  func fault(_ code: Int) {
    network.logger.info("caller's fault", [LogField("call", call.sid), LogField("code", code)])
    call.change { $0.faults.append(code) }
  }

  // MARK: Signals

  /// The next thing that happens to an answered call, whose limit is in audio time; nil when cancelled.
  func next() async -> CallSignal? { try? await call.signals.next() }

  /// The next thing that happens; nil at the deadline, or when cancelled.
  private func next(until deadline: Instant) async -> CallSignal? {
    if let signal = call.signals.poll() { return signal }
    return await withTaskGroup(of: CallSignal?.self) { group in
      group.addTask { try? await call.signals.next() }
      group.addTask {
        try? await network.clock.sleep(until: deadline)
        return nil
      }
      var first = await group.next() ?? nil
      group.cancelAll()
      // A signal that came in the same moment must not be lost.
      for await other in group where first == nil { first = other }
      return first
    }
  }

  /// Handles what every phase of a talk handles the same way; nil leaves it to the phase.
  func common(_ signal: CallSignal?) -> Ending? {
    switch signal {
    case nil: return .over(by: .shutdown)
    case .media(.timeLimitReached): return .over(by: .timeLimit)
    case .hangUp: return .over(by: .caller)
    case .redirect(let instructions): return .redirected(instructions)
    case .media(.answererHungUp): return .over(by: .answerer)
    case .media(.verdict(let verdict, let duration)):
      let webhook = call.change { record in
        record.answeredBy = verdict
        return record.detectionCallback(verdict, after: duration)
      }
      if let webhook { _ = call.callbacks.offer(webhook) }
      return nil
    case .cancel, .media(.played), .media(.streamCut), .streamClosed: return nil
    }
  }

  // MARK: Afterwards

  /// The price appears some time after the call: 1.4 cents for each minute begun.
  func price() async {
    let seconds = call.record.seconds
    guard seconds > 0, (try? await network.clock.sleep(for: .seconds(5))) != nil else { return }
    let tenThousandths = (seconds + 59) / 60 * 140
    let cents = String(tenThousandths % 10_000 + 10_000).dropFirst()
    call.change { $0.price = "-\(tenThousandths / 10_000).\(cents)0" }
  }
}
