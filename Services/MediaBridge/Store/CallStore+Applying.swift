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
      var statements = [PostgresStatement(try query("LockCall"), call)]
      if let webhook {
        statements.append(
          PostgresStatement(
            try query("InsertWebhook"), call, webhook.kind.rawValue, webhook.sequence, webhook.body, now))
      }
      let results = try await transaction.run(statements)
      guard let row = results[0].rows.first else { return nil }
      var applied = Applied(
        call: try StoredCall(row), effects: [], streamURL: try row.get("stream_url", as: String?.self))
      if webhook != nil, results[1].affected == 0 {
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
      let changes = try changes(applied, upkeep, now: now)
      if applied.effects.contains(.finished) {
        // Its story is told, with what is written here.
        let ending = try await ending(of: applied.call, after: changes, in: transaction)
        try tell(applied, ending, now, transaction)
      } else {
        try transaction.runWithCommit(changes)
        try tell(applied, nil, now, transaction)
      }
      return applied
    }
  }

  /// Tells that the person asked not to be called again. Nothing of the call changes by it.
  func tellOptOut(of call: CallID, now: Instant) async throws {
    try await pool.transaction(name: "TellOptOut") { transaction in
      guard let row = try await transaction.query(query("LockCall"), call).first else { return }
      let call = try StoredCall(row)
      let heard = OptOutHeard(call, at: now)
      try events.append(
        [NewEvent(key: heard.callId, message: heard)], in: transaction, at: now, tenant: call.tenant)
    }
  }

  private func changes(_ applied: Applied, _ upkeep: CallUpkeep, now: Instant) throws -> [PostgresStatement] {
    let (call, record) = (applied.call, applied.call.record)
    var statements = [
      PostgresStatement(
        try query("SaveCall"), call.tenant, call.call, record.state.rawValue, record.placement.rawValue,
        record.session.rawValue, record.intent?.rawValue, record.endReason?.rawValue, record.providerCallID?.text,
        record.answeredAt, record.endedAt, record.talkDuration, record.answeredBy?.rawValue, record.failure,
        record.isWithdrawn, record.isFinished ? now : nil, call.owner, call.deadlineAt, record.requestedAt,
        upkeep.lookAfter?.inSeconds, upkeep.isAsked, upkeep.isAsked ? now : nil, upkeep.isTry ? 1 : 0)
    ]
    let facts = applied.effects.compactMap { effect in
      if case .record(let fact) = effect { fact } else { nil }
    }
    if !facts.isEmpty {
      let columns = facts.map(\.columns)
      statements.append(
        PostgresStatement(
          try query("InsertFacts"), call.tenant, call.call, columns.map(\.kind), columns.map(\.value),
          columns.map(\.sipCode), facts.map(\.at)))
    }
    return statements
  }

  private func tell(
    _ applied: Applied, _ ending: CallEnded?, _ now: Instant, _ transaction: PostgresTransaction
  ) throws {
    let call = applied.call
    var told: [NewEvent] = []
    for effect in applied.effects {
      switch effect {
      case .progressed(let state):
        let at = state == .inProgress ? call.record.answeredAt ?? now : now
        told.append(NewEvent(key: call.call.description, message: CallProgressed(call, state: state, at: at)))
      case .finished:
        if let ending { told.append(NewEvent(key: call.call.description, message: ending)) }
      case .record, .ask, .sessionBegan, .carryOut, .stray:
        break
      }
    }
    if !told.isEmpty { try events.append(told, in: transaction, at: now, tenant: call.tenant) }
  }

  /// The whole story of a call that is over, once `changes` are made.
  private func ending(
    of call: StoredCall, after changes: [PostgresStatement], in transaction: PostgresTransaction
  ) async throws -> CallEnded {
    let names = ["FactsOfCall", "TurnsOfCall", "EngineUse"]
    let reads = try names.map { PostgresStatement(try query($0), call.tenant, call.call) }
    let results = try await transaction.run(changes + reads).suffix(reads.count)
    let (facts, turns, use) = (
      results[results.startIndex].rows, results[results.startIndex + 1].rows, results.last?.rows
    )
    var ended = CallEnded(call)
    ended.facts = try facts.map(RingmasterMessages.CallFact.init)
    ended.transcript = try turns.map(TranscriptTurn.init)
    if let use = use?.first {
      ended.engineInputTokens = try use.get("engine_input_tokens")
      ended.engineOutputTokens = try use.get("engine_output_tokens")
      ended.turnLatencyMilliseconds = try use.get("turn_latency_milliseconds")
    }
    return ended
  }
}
