import CampaignTerms
import Core
import EventLog
import Postgres
import RingmasterMessages
import Telephony
import Wire

/// What ended calls tell about the numbers they showed and the providers they went through.
extension DialStore {
  /// What one ended call says about its number and its provider.
  struct CallVerdict: Sendable {
    var call: CallID
    var number: String
    var provider: String
    var endedAt: Instant
    var isAnswered: Bool
    var isShort: Bool
    var fault: CallFault
  }

  /// Takes in how calls ended: breakers open and close, numbers in trouble are sent to rest.
  func judge(
    _ calls: [CallVerdict], tenant: TenantID, now: Instant, in transaction: PostgresTransaction
  ) async throws {
    try await transaction.execute(
      query("InsertCallerIDCalls"), tenant, calls.map(\.number), calls.map(\.endedAt), calls.map(\.call),
      calls.map(\.isAnswered), calls.map(\.isShort), calls.map { $0.fault != .none })
    // In the order in which claims lock them: numbers, then providers.
    let byNumber = Dictionary(grouping: calls, by: \.number)
    let numbers = byNumber.keys.sorted()
    let results = try await transaction.run([
      PostgresStatement(query("ForgetCallerIDCalls"), tenant, numbers, now - Self.callMemory),
      PostgresStatement(query("CallerIDs"), tenant, numbers),
    ])
    for seen in try results[1].rows.map(Self.callerID).sorted(by: { $0.callerID.number < $1.callerID.number }) {
      try await judge(seen, byNumber[seen.callerID.number] ?? [], tenant: tenant, now: now, in: transaction)
    }
    for (provider, calls) in Dictionary(grouping: calls, by: \.provider).sorted(by: { $0.key < $1.key }) {
      try await judge(provider: provider, calls, tenant: tenant, now: now, in: transaction)
    }
  }

  private func judge(
    provider: String, _ calls: [CallVerdict], tenant: TenantID, now: Instant, in transaction: PostgresTransaction
  ) async throws {
    let seen = try await transaction.query(query("ProviderLimit"), tenant, provider).first
    let before = try await self.provider(seen, provider, tenant: tenant, now: now, in: transaction)
    if let hold = before.hold, hold.until + Self.holdGap > now, calls.contains(where: { $0.fault != .provider }) {
      try await transaction.execute(query("RestartHold"), tenant, provider, now)
    }
    guard before.breaker != CircuitBreaker() || calls.contains(where: { $0.fault == .provider }),
      let row = try await transaction.query(query("LockProviderLimit"), tenant, provider).first
    else { return }
    var breaker = try Self.breaker(row)
    for call in calls {
      if call.fault == .provider { breaker.failed(at: now, terms: .provider) } else { breaker.succeeded() }
    }
    try await transaction.execute(
      query("SaveProviderBreaker"), tenant, provider, breaker.failures, breaker.openings, breaker.openUntil)
  }

  private func judge(
    _ seen: StoredCallerID, _ calls: [CallVerdict], tenant: TenantID, now: Instant, in transaction: PostgresTransaction
  ) async throws {
    var seen = seen
    seen.callerID.roll(to: now)
    // A number that a campaign brought itself is its operator's to judge.
    guard seen.callerID.tier != nil else { return }
    let health = try await health(of: seen, tenant: tenant, in: transaction)
    let hasFailures = calls.contains { $0.fault == .callerID } || seen.callerID.breaker != CircuitBreaker()
    guard hasFailures || health.alarm() != nil,
      let locked = try await transaction.query(query("LockCallerID"), tenant, seen.callerID.number).first
    else { return }
    var stored = try Self.callerID(locked)
    stored.callerID.roll(to: now)
    var alarm = health.alarm().map { (alarm: $0.alarm, detail: $0.detail) }
    for call in calls {
      switch call.fault {
      case .none: stored.callerID.breaker.succeeded()
      case .provider: break
      case .callerID: stored.callerID.breaker.failed(at: now, terms: .callerID)
      }
    }
    if alarm == nil, stored.callerID.breaker.openings >= Self.openingsToAlarm {
      alarm = (.failures, "\(stored.callerID.breaker.failures) calls in a row were refused because of the number")
    }
    if alarm != nil {
      let today = stored.callerID.zone.local(at: now).date
      if !stored.callerID.standing.handle(.alarm, at: now, today: today) { alarm = nil }
    }
    if alarm?.alarm == .failures { stored.callerID.breaker.succeeded() }
    try await save(stored, alarm: alarm, tenant: tenant, in: transaction)
  }

  /// A number's breaker that opened so often without one call going through is an alarm.
  private static let openingsToAlarm = 2
  /// Holds that follow each other within this time count as one.
  static let holdGap = Duration.minutes(1)
  private static let callMemory = Duration.days(60)

  /// How a number's latest calls went.
  func health(
    of stored: StoredCallerID, tenant: TenantID, in transaction: PostgresTransaction? = nil
  ) async throws -> CallerIDHealth {
    let query = try query("CallerIDHealth")
    let standing = stored.callerID.standing
    let (number, since) = (stored.callerID.number, standing.judgedSince)
    let rows =
      if let transaction {
        try await transaction.query(
          query, tenant, number, since, CallerIDHealth.window, CallerIDHealth.memory)
      } else {
        try await pool.query(query, tenant, number, since, CallerIDHealth.window, CallerIDHealth.memory)
      }
    var samples: [String: CallerIDHealth.Sample] = [:]
    for row in rows {
      samples[try row.get("sample")] = .init(
        calls: try row.get("calls"), answered: try row.get("answered"), short: try row.get("short"),
        failed: try row.get("failed"))
    }
    return CallerIDHealth(
      recent: samples["recent"] ?? .init(), earlier: samples["earlier"] ?? .init(), pool: samples["pool"] ?? .init(),
      isFirst: standing.alarms == 0)
  }
}

extension DialStore.CallVerdict {
  init(_ ended: CallEnded, call: CallID, now: Instant) {
    var (failure, isMachine, wasEndedHere) = ("", false, false)
    for fact in ended.facts {
      switch fact.kind {
      case .failure("broken_off"): wasEndedHere = true
      case .failure(let code): failure = code
      case .answeredBy(let verdict): isMachine = verdict.hasPrefix("machine") || verdict == "fax"
      case .hungUpByUs: wasEndedHere = true
      case .providerEnded, .voicemailLeft, nil: break
      }
    }
    let isAnswered = ended.answeredAt != nil && !isMachine
    let talk = ended.talkDuration?.duration ?? .zero
    self.init(
      call: call, number: ended.from, provider: ended.provider, endedAt: ended.endedAt?.instant ?? now,
      isAnswered: isAnswered,
      isShort: isAnswered && !wasEndedHere && talk < .seconds(CallerIDHealth.shortCallSeconds),
      fault: CallFault(failure: failure))
  }
}
