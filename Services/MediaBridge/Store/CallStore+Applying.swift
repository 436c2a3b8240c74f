import Core
import EventLog
import Postgres
import RingmasterMessages
import Wire

/// A callback as it came.
struct StoredWebhook: Hashable, Sendable {
  var kind: TwilioCallback.Kind
  var sequence: Int
  var body: String
}

/// What a report did.
struct Applied: Sendable {
  /// As it stands now.
  var call: StoredCall
  var effects: [CallEffect]
  /// The callback had come before: nothing was done.
  var isDuplicate = false
  /// Where streams of the call should connect: to the instance that has its engine, when that lives.
  var streamURL: String?
}

extension CallStore {
  /// Takes a report about a call under the lock of its row: the callback that brought it, the changed state, its facts
  /// and its events commit together. Nil when there is no such call.
  ///
  /// - Parameters:
  ///   - webhook: Kept with it; one that is here already changes nothing.
  ///   - owner: The instance that holds the call's conversation from now on.
  func apply(
    _ report: CallReport, to call: CallID, now: Instant, deadlines: CallDeadline, webhook: StoredWebhook? = nil,
    owner: InstanceID? = nil
  ) async throws -> Applied? {
    try await pool.transaction(name: "ApplyReport") { transaction in
      guard let row = try await transaction.query(query("LockCall"), call).first else { return nil }
      var applied = Applied(
        call: try StoredCall(row), effects: [], streamURL: try row.get("stream_url", as: String?.self))
      if let webhook, try await insert(webhook, of: applied.call, now: now, in: transaction) == false {
        applied.isDuplicate = true
        return applied
      }
      let before = applied.call
      applied.effects = applied.call.record.handle(report, at: now)
      if let owner, !applied.call.record.isFinished { applied.call.owner = owner }
      if let answeredAt = applied.call.record.answeredAt, before.record.answeredAt == nil {
        applied.call.deadlineAt = deadlines.answered(at: answeredAt, maxDuration: before.maxDuration)
      } else if applied.call.record.placement == .placed, before.record.placement != .placed {
        applied.call.deadlineAt = deadlines.placed(at: now)
      }
      guard applied.call.record != before.record || applied.call.owner != before.owner else { return applied }
      let upkeep = CallUpkeep(report, applied.effects, of: call, tries: before.tries)
      try await save(applied, upkeep, now: now, in: transaction)
      try await tell(applied, now: now, in: transaction)
      return applied
    }
  }

  /// Tells that the person asked not to be called again. Nothing of the call changes by it.
  func tellOptOut(of call: CallID, now: Instant) async throws {
    try await pool.transaction(name: "TellOptOut") { transaction in
      guard let row = try await transaction.query(query("LockCall"), call).first else { return }
      let call = try StoredCall(row)
      let heard = OptOutHeard(call, at: now)
      try await events.append(
        [NewEvent(key: heard.callId, message: heard)], in: transaction, at: now, tenant: call.tenant)
    }
  }

  private func insert(
    _ webhook: StoredWebhook, of call: StoredCall, now: Instant, in transaction: PostgresTransaction
  ) async throws -> Bool {
    try await transaction.execute(
      query("InsertWebhook"), call.tenant, call.call, webhook.kind.rawValue, webhook.sequence, webhook.body, now) == 1
  }

  private func save(
    _ applied: Applied, _ upkeep: CallUpkeep, now: Instant, in transaction: PostgresTransaction
  ) async throws {
    let (call, record) = (applied.call, applied.call.record)
    var statements: [(NamedQuery, [(any PostgresEncodable)?])] = [
      (
        try query("SaveCall"),
        [
          call.tenant, call.call, record.state.rawValue, record.placement.rawValue, record.session.rawValue,
          record.intent?.rawValue, record.endReason?.rawValue, record.providerCallID?.text, record.answeredAt,
          record.endedAt, record.talkDuration, record.answeredBy?.rawValue, record.failure, record.isWithdrawn,
          record.isFinished ? now : nil, call.owner, call.deadlineAt, record.requestedAt,
          upkeep.lookAfter?.inSeconds, upkeep.isAsked, upkeep.isAsked ? now : nil, upkeep.isTry ? 1 : 0,
        ]
      )
    ]
    let facts = applied.effects.compactMap { effect in
      if case .record(let fact) = effect { fact } else { nil }
    }
    if !facts.isEmpty {
      let columns = facts.map(\.columns)
      statements.append(
        (
          try query("InsertFacts"),
          [
            call.tenant, call.call, columns.map(\.kind), columns.map(\.value), columns.map(\.sipCode), facts.map(\.at),
          ]
        ))
    }
    guard try await transaction.pipeline(statements).first?.affected == 1 else {
      throw PostgresError(.invalidRow, "a call changed under its lock")
    }
  }

  private func tell(_ applied: Applied, now: Instant, in transaction: PostgresTransaction) async throws {
    let call = applied.call
    var told: [NewEvent] = []
    for effect in applied.effects {
      switch effect {
      case .progressed(let state):
        let at = state == .inProgress ? call.record.answeredAt ?? now : now
        told.append(NewEvent(key: call.call.description, message: CallProgressed(call, state: state, at: at)))
      case .finished:
        let ended = try await ending(of: call, in: transaction)
        told.append(NewEvent(key: call.call.description, message: ended))
      case .record, .ask, .sessionBegan, .carryOut, .stray:
        break
      }
    }
    if !told.isEmpty { try await events.append(told, in: transaction, at: now, tenant: call.tenant) }
  }

  /// The whole story of a call that is over.
  private func ending(of call: StoredCall, in transaction: PostgresTransaction) async throws -> CallEnded {
    let results = try await transaction.pipeline([
      (query("FactsOfCall"), [call.tenant, call.call]), (query("TurnsOfCall"), [call.tenant, call.call]),
      (query("EngineUse"), [call.tenant, call.call]),
    ])
    var ended = CallEnded(call)
    ended.facts = try results[0].rows.map(RingmasterMessages.CallFact.init)
    ended.transcript = try results[1].rows.map(TranscriptTurn.init)
    if let use = results[2].rows.first {
      ended.engineInputTokens = try use.get("engine_input_tokens")
      ended.engineOutputTokens = try use.get("engine_output_tokens")
      ended.turnLatencyMilliseconds = try use.get("turn_latency_milliseconds")
    }
    return ended
  }
}
