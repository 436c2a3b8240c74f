import Core
import Telephony

extension CallRecord {
  /// Takes a report. What it returns must be carried out together with keeping the changed record.
  mutating func handle(_ report: CallReport, at now: Instant) -> [CallEffect] {
    guard !isFinished else { return strays(in: report) }
    switch report {
    case .asking:
      guard placement == .waiting else { return [] }
      placement = .asking
      return [.ask]
    case .answer(let answer):
      return take(answer, at: now)
    case .notFound:
      return neverPlaced(CallFailure.notPlaced, state: .failed, at: now)
    case .permitExpired:
      withdraw(at: now)
      return []
    case .numberInUse:
      failure = CallFailure.numberInUse
      withdraw(at: now)
      return []
    case .provider(let report):
      return adopt(report.id) ?? take(report, at: now)
    case .pickedUp(let id):
      return adopt(id) ?? advance(to: .inProgress, at: now)
    case .machineVerdict(let id, let verdict):
      return adopt(id) ?? take(verdict, at: now)
    case .sessionOpened:
      guard session == .none, !state.isTerminal else { return [] }
      session = .open
      return [.sessionBegan]
    case .sessionClosed:
      session = .closed
      return finishIfOver(at: now)
    case .sessionBroken:
      guard session == .open else { return [] }
      session = .closed
      return brokenOff(at: now) + finishIfOver(at: now)
    case .end(let reason):
      return end(reason, at: now)
    case .carriedOut(let done):
      guard intent == done else { return [] }
      intent = nil
      return done == .leaveVoicemail ? [.record(CallFact(kind: .voicemailLeft, at: now))] : []
    case .tooLate(let undone):
      if intent == undone { intent = nil }
      return []
    case .lostTrack:
      return lostTrack(at: now)
    }
  }

  /// A call that was given up, or never placed as far as anybody knew, and lives.
  private func strays(in report: CallReport) -> [CallEffect] {
    let isGivenUp = providerCallID == nil || failure == CallFailure.noTerminalEvent
    switch report {
    case .answer(.accepted(let id)), .pickedUp(let id):
      return isGivenUp || providerCallID != id ? [.stray(id)] : []
    case .provider(let report) where !report.status.isTerminal:
      return isGivenUp || providerCallID != report.id ? [.stray(report.id)] : []
    case .provider, .machineVerdict, .asking, .answer, .notFound, .permitExpired, .numberInUse, .sessionOpened,
      .sessionClosed, .sessionBroken, .end, .carriedOut, .tooLate, .lostTrack:
      return []
    }
  }

  private mutating func take(_ answer: PlacementAnswer, at now: Instant) -> [CallEffect] {
    switch answer {
    case .accepted(let id):
      return adopt(id) ?? advance(to: .initiated, at: now)
    case .refused(let code):
      guard placement != .placed else { return [] }
      return neverPlaced(code, state: .failed, at: now)
    case .later(let code):
      guard placement == .asking else { return [] }
      (placement, failure) = (.waiting, code)
      return intent == .hangUp ? neverPlaced(CallFailure.cancelled, state: .cancelled, at: now) : []
    case .throttled:
      guard placement == .asking else { return [] }
      (placement, failure) = (.waiting, CallFailure.throttled)
      withdraw(at: now)
      return []
    case .unsure:
      if placement == .asking { placement = .unsure }
      return []
    }
  }

  /// Learns the provider's id. Returns effects instead of nil when it is not this call's.
  private mutating func adopt(_ id: ProviderCallID) -> [CallEffect]? {
    if let providerCallID { return providerCallID == id ? nil : [.stray(id)] }
    providerCallID = id
    (placement, failure) = (.placed, nil)
    return nil
  }

  private mutating func take(_ report: ProviderReport, at now: Instant) -> [CallEffect] {
    var effects: [CallEffect] = []
    if let verdict = report.answeredBy, answeredBy == nil {
      answeredBy = verdict
      effects.append(.record(CallFact(kind: .answeredBy(verdict), at: now)))
    }
    // The provider's clock is trusted as far as it is plausible: it had the call after it was asked for it.
    let at = min(max(report.at ?? now, requestedAt), now)
    let next = report.status.state(wasAnswered: answeredAt != nil, answeredBy: answeredBy)
    guard report.status.isTerminal else { return effects + advance(to: next, at: at) + resumeIntent() }
    guard !state.isTerminal else { return effects }
    close(next, at: at)
    if let duration = report.duration, duration > .zero {
      talkDuration = duration
      if report.status == .completed { answeredAt = answeredAt ?? max(at - duration, requestedAt) }
    } else if let answeredAt {
      talkDuration = answeredAt.duration(to: at)
    }
    effects.append(.record(CallFact(kind: .providerEnded(status: report.status, sipCode: report.sipCode), at: at)))
    return effects + finishIfOver(at: now)
  }

  private mutating func advance(to next: CallState, at: Instant) -> [CallEffect] {
    guard state.canBecome(next) else { return resumeIntent() }
    state = next
    if next == .inProgress { answeredAt = at }
    return [.progressed(next)] + resumeIntent()
  }

  /// Something that was wanted before the provider's id was known can be done now.
  private func resumeIntent() -> [CallEffect] {
    guard let intent, placement == .placed, !state.isTerminal else { return [] }
    return [.carryOut(intent)]
  }

  private mutating func take(_ verdict: AnsweredBy, at now: Instant) -> [CallEffect] {
    guard answeredBy == nil, !state.isTerminal else { return [] }
    answeredBy = verdict
    var effects: [CallEffect] = [.record(CallFact(kind: .answeredBy(verdict), at: now))]
    guard intent == nil else { return effects }
    switch verdict {
    case .human, .unknown: break
    case .fax: effects += end(.fax, at: now)
    case .machineStart, .machineEndBeep, .machineEndSilence, .machineEndOther:
      if leavesVoicemail {
        intent = .leaveVoicemail
        effects.append(.carryOut(.leaveVoicemail))
      } else {
        effects += end(.voicemail, at: now)
      }
    }
    return effects
  }

  private mutating func end(_ reason: EndReason, at now: Instant) -> [CallEffect] {
    guard !state.isTerminal, intent != .hangUp else { return [] }
    let facts = endReason == nil ? [CallEffect.record(CallFact(kind: .hungUpByUs(reason), at: now))] : []
    endReason = endReason ?? reason
    intent = .hangUp
    switch placement {
    case .waiting: return facts + neverPlaced(CallFailure.cancelled, state: .cancelled, at: now)
    case .asking, .unsure, .ended: return facts
    case .placed: return facts + [.carryOut(.hangUp)]
    }
  }

  private mutating func neverPlaced(_ why: String, state next: CallState, at now: Instant) -> [CallEffect] {
    guard placement != .placed, !state.isTerminal else { return [] }
    placement = .ended
    failure = why
    close(next, at: now)
    return [.record(CallFact(kind: .failure(why), at: now))] + finishIfOver(at: now)
  }

  /// The provider was never asked in earnest: the attempt goes back to the dialer, and nothing is told of it.
  private mutating func withdraw(at now: Instant) {
    guard placement == .waiting, !state.isTerminal else { return }
    placement = .ended
    failure = failure ?? CallFailure.permitExpired
    close(.failed, at: now)
    (isWithdrawn, isFinished) = (true, true)
  }

  private mutating func lostTrack(at now: Instant) -> [CallEffect] {
    guard !state.isTerminal else { return finishIfOver(at: now) }
    failure = CallFailure.noTerminalEvent
    if let answeredAt { talkDuration = answeredAt.duration(to: now) }
    let wasAnswered = answeredAt != nil
    close(wasAnswered ? (answeredBy?.isMachine == true ? .voicemail : .completed) : .failed, at: now)
    return [.record(CallFact(kind: .failure(CallFailure.noTerminalEvent), at: now))] + finishIfOver(at: now)
  }

  private mutating func close(_ next: CallState, at: Instant) {
    state = next
    endedAt = at
    intent = nil
  }

  /// The call's end is told once its conversation is written down. Somebody who answered and met nobody has not said no.
  private mutating func finishIfOver(at now: Instant) -> [CallEffect] {
    guard state.isTerminal, session != .open, !isFinished else { return [] }
    isFinished = true
    return (answeredAt != nil && session == .none ? brokenOff(at: now) : []) + [.finished]
  }

  /// Unless this side ended the call itself, or its failure is known.
  private func brokenOff(at now: Instant) -> [CallEffect] {
    guard endReason == nil, failure == nil else { return [] }
    return [.record(CallFact(kind: .failure(CallFailure.brokenOff), at: now))]
  }
}
