import Core
import EventLog
import Postgres
import RPC
import RingmasterMessages
import RingmasterServices
import Synchronization
import Wire

/// Everything around the dialer: says which campaigns and leads there are, writes briefs, takes calls and ends them. Each
/// call ends soon after it was placed, so that lines are free again.
final class Surroundings: MediaServiceHandler, KnowledgeServiceHandler {
  /// A call that reached the bridge.
  struct Placed: Sendable {
    var permit: DialPermit
    /// Business time, as the permit's.
    var at: Instant
  }

  private struct State {
    var placed: [Placed] = []
    /// Calls of `placed` that were ended.
    var ended = 0
  }

  private let database: String
  private let pool: PostgresPool
  private let log = EventLog(schema: "load")
  private let listen: String
  private let clock: ScaledClock
  private let state = Mutex(State())

  init(database: String, listen: String, clock: ScaledClock) async throws {
    try await Migrator(schema: "load", role: "ringmaster_load", migrations: EventLog.migrations).run(on: database)
    pool = PostgresPool(configuration: PostgresConfiguration(url: database, schema: "load", role: "ringmaster_load"))
    self.database = database
    self.listen = listen
    self.clock = clock
  }

  func serve() async throws {
    let server = RPCServer(
      endpoints: [listen],
      services: [
        MediaServiceServer(self), KnowledgeServiceServer(self),
        EventFeedServer(EventFeed(EventLogReader(pool: pool, log: log))),
      ])
    try server.listen()
    try await server.run()
  }

  var count: Int { state.withLock { $0.placed.count } }
  var placed: [Placed] { state.withLock { $0.placed } }

  /// Until the dialer has taken in what was told: no attempt of it is under way any more.
  func rest() async throws {
    let look = NamedQuery(name: "under way", sql: "select count(*) as calls from dialer.under_way")
    let admin = PostgresPool(configuration: PostgresConfiguration(url: database, poolSize: 1))
    defer { admin.close() }
    while try await admin.query(look)[0].get("calls", as: Int.self) > 0 || hasOpenCalls {
      try await Task.sleep(for: .milliseconds(50))
    }
  }

  private var hasOpenCalls: Bool { state.withLock { $0.ended < $0.placed.count } }

  func tell(_ events: [NewEvent]) async throws {
    try await pool.transaction(name: "tell") { transaction in
      try self.log.append(events, in: transaction, at: self.clock.now(), tenant: .standard)
    }
  }

  /// Ends what was placed, in batches, until cancelled.
  func endCalls() async throws {
    while true {
      let calls = state.withLock { state in
        defer { state.ended = state.placed.count }
        return Array(state.placed[state.ended...])
      }
      let events = calls.flatMap { [end(of: $0), outcome(of: $0)] }
      for start in stride(from: 0, to: events.count, by: 500) {
        try await tell(Array(events[start..<min(start + 500, events.count)]))
      }
      try await Task.sleep(for: .milliseconds(20))
    }
  }

  private func end(of call: Placed) -> NewEvent {
    var ended = CallEnded()
    ended.callId = call.permit.callId
    ended.campaignId = call.permit.campaignId
    ended.leadId = call.permit.leadId
    ended.attemptNumber = call.permit.attemptNumber
    ended.state = .noAnswer
    ended.endedAt = Timestamp(clock.now())
    ended.from = call.permit.from
    ended.to = call.permit.to
    return NewEvent(key: ended.callId, message: ended)
  }

  private func outcome(of call: Placed) -> NewEvent {
    var record = CallRecord()
    record.callId = call.permit.callId
    record.campaignId = call.permit.campaignId
    record.leadId = call.permit.leadId
    record.attemptNumber = call.permit.attemptNumber
    record.state = .completed
    record.outcome = .noAnswer
    record.endedAt = Timestamp(clock.now())
    record.to = call.permit.to
    record.from = call.permit.from
    var decided = OutcomeDecided()
    decided.call = record
    return NewEvent(key: record.leadId, message: decided)
  }

  func placeCall(_ request: PlaceCallRequest, context: CallContext) async throws -> MediaCall {
    let now = clock.now()
    guard let permit = request.permit else { throw RPCError(.invalidArgument, "permit is missing") }
    state.withLock { $0.placed.append(Placed(permit: permit, at: now)) }
    var call = MediaCall()
    call.callId = permit.callId
    call.state = .initiated
    return call
  }

  func getMediaCall(_ request: CallReference, context: CallContext) async throws -> MediaCall {
    var call = MediaCall()
    call.callId = request.callId
    call.state = .initiated
    return call
  }

  func hangUp(_ request: CallReference, context: CallContext) async throws -> MediaCall {
    try await getMediaCall(request, context: context)
  }

  func buildCallBrief(_ request: BuildCallBriefRequest, context: CallContext) async throws -> CallBrief { CallBrief() }
  func getCallBrief(_ request: CallReference, context: CallContext) async throws -> CallBrief { CallBrief() }
}
