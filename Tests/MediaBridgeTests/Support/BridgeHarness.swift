import Configuration
import Core
import EventLog
import HTTP
import Lifecycle
import Logging
import Metrics
import Postgres
import RPC
import RingmasterMessages
import RingmasterServices
import TestSupport
import Wire

@testable import MediaBridge

/// The bridge with its real store and real sockets, between a provider and an engine in miniature. Its workers do not run
/// by themselves: tests tell them when.
struct BridgeHarness: Sendable {
  let database: TestDatabase
  let pool: PostgresPool
  let clock: ManualClock
  let twilio: MiniTwilio
  let engine: MiniRealtime
  let app: MediaBridgeApplication
  let metrics: MetricsRegistry

  var port: Int { app.http.port }
  var service: MediaBridgeService { app.rpc }

  static let start = Instant(microsecondsSince1970: 1_772_463_600_000_000)

  static func with(
    maxCalls: Int = 100, _ body: @Sendable @escaping (BridgeHarness) async throws -> Void
  ) async throws {
    let migrator = Migrator(
      schema: MediaBridgeApplication.schemaName, role: "media_bridge",
      migrations: try MediaBridgeApplication.schema().migrations)
    try await TestDatabase.with([migrator]) { database in
      let pool = database.pool(schema: MediaBridgeApplication.schemaName, role: "media_bridge", size: 4)
      let clock = ManualClock(start)
      let twilio = try MiniTwilio(clock: clock)
      let engine = try MiniRealtime()
      let metrics = MetricsRegistry()
      let app = try application(pool, clock, twilio, engine, metrics, maxCalls: maxCalls)
      let harness = BridgeHarness(
        database: database, pool: pool, clock: clock, twilio: twilio, engine: engine, app: app, metrics: metrics)
      try await app.watchdog.stayAlive()
      try await running([twilio.server, twilio.client, engine.server] + app.passive) { try await body(harness) }
      pool.close()
    }
  }

  /// Another instance of the bridge on the same database.
  func another(_ body: @Sendable @escaping (BridgeHarness) async throws -> Void) async throws {
    let metrics = MetricsRegistry()
    let app = try Self.application(pool, clock, twilio, engine, metrics, maxCalls: 100)
    let harness = BridgeHarness(
      database: database, pool: pool, clock: clock, twilio: twilio, engine: engine, app: app, metrics: metrics)
    try await app.watchdog.stayAlive()
    try await running(app.passive) { try await body(harness) }
  }

  private static func application(
    _ pool: PostgresPool, _ clock: ManualClock, _ twilio: MiniTwilio, _ engine: MiniRealtime,
    _ metrics: MetricsRegistry, maxCalls: Int
  ) throws -> MediaBridgeApplication {
    var reader = ConfigurationReader(
      service: "media-bridge", summary: "", environment: environment(twilio.url, engine.url, maxCalls), arguments: [])
    let configuration = MediaBridgeConfiguration(&reader)
    try reader.finish()
    return try MediaBridgeApplication(
      configuration: configuration, pool: pool, events: EventLog(schema: MediaBridgeApplication.schemaName),
      clock: clock,
      logger: .discarding, metrics: metrics)
  }

  private static func environment(_ twilio: String, _ engine: String, _ maxCalls: Int) -> [String: String] {
    [
      "RINGMASTER_MEDIA_BRIDGE_LISTEN": "http://127.0.0.1:0",
      "RINGMASTER_MEDIA_BRIDGE_PUBLIC_URL": MiniTwilio.publicURL,
      "RINGMASTER_TWILIO_URL": twilio, "RINGMASTER_TWILIO_ACCOUNT_SID": MiniTwilio.account,
      "RINGMASTER_TWILIO_AUTH_TOKEN": MiniTwilio.token, "RINGMASTER_OPENAI_REALTIME_URL": engine,
      "RINGMASTER_OPENAI_API_KEY": "key", "RINGMASTER_MEDIA_BRIDGE_MAX_CALLS": String(maxCalls),
    ]
  }

  // MARK: Requests

  let context = Self.context(of: .standard)

  static func context(of tenant: TenantID) -> CallContext {
    CallContext(tenant: tenant.description, actor: "test", method: "PlaceCall")
  }

  /// A request for a call that may be placed for two minutes, to a number of its own.
  func request(_ call: CallID = .random(), voicemail: Bool = false, to number: String? = nil) -> PlaceCallRequest {
    let now = clock.now()
    let to = number ?? "+1415\(5_550_000 + call.value.low % 1_000_000)"
    let permit = DialPermit(
      callId: call.description, campaignId: CampaignID.random().description, leadId: LeadID.random().description,
      attemptNumber: 1, to: to, from: "+14155550199", grantedAt: Timestamp(now),
      expiresAt: Timestamp(now + .seconds(120)), policyVersion: 3, evidence: ["window: open"])
    let brief = CallBrief(
      callId: call.description, instructions: "Be brief.", greeting: "Hello, this is Alex.",
      voicemailScript: "Sorry to have missed you.")
    return PlaceCallRequest(
      permit: permit, brief: brief, provider: "twilio", maxDuration: ProtobufDuration(.seconds(120)),
      leaveVoicemail: voicemail)
  }

  func place(_ request: PlaceCallRequest) async throws -> MediaCall {
    try await service.placeCall(request, context: context)
  }

  /// The code of the error that `body` throws.
  func failure(_ body: () async throws -> Void) async -> RPCCode? {
    do {
      try await body()
      return nil
    } catch {
      return (error as? RPCError)?.code
    }
  }

  /// Places a call and returns it as the provider has it.
  func placed(_ request: PlaceCallRequest) async throws -> MiniTwilio.Call {
    let placed = try await place(request)
    guard let call = twilio.calls.first(where: { $0.sid == placed.providerCallId }) else {
      throw ProviderError(message: "the provider has no such call")
    }
    return call
  }

  /// Answers a call and opens its stream and the engine's session.
  func answered(_ call: MiniTwilio.Call) async throws -> (MiniStream, MiniRealtime.Session) {
    guard let session = try await engine.sessions.next() else { throw ProviderError(message: "no session") }
    let instructions = try await twilio.answer(call, at: port)
    return (try await twilio.stream(call, instructions: instructions, to: port), session)
  }

  func state(_ call: CallID) async throws -> StoredCall? {
    try await app.control.store.call(call, tenant: .standard)
  }

  // MARK: Events

  /// All events of a call, once its end was told.
  func story(of call: CallID) async throws -> (progress: [RingmasterMessages.CallState], ended: CallEnded) {
    var progress: [RingmasterMessages.CallState] = []
    var place = EventPlace.beginning
    let reader = EventLogReader(pool: pool, log: app.control.store.events)
    while true {
      let page = try await reader.read([0], of: 1, after: place, limit: 1_000, wait: .seconds(30))
      guard !page.events.isEmpty else { throw ProviderError(message: "the end of the call was not told") }
      for event in page.events where event.key == call.description {
        switch event.type {
        case OptOutHeard.fullName: continue
        case CallProgressed.fullName: progress.append(try CallProgressed.decode(event.payload).state)
        default: return (progress, try CallEnded.decode(event.payload))
        }
      }
      place = page.next
    }
  }

  /// The event that tells of the person's wish not to be called again.
  func optOut(of call: CallID) async throws -> OptOutHeard {
    var place = EventPlace.beginning
    let reader = EventLogReader(pool: pool, log: app.control.store.events)
    while true {
      let page = try await reader.read([0], of: 1, after: place, limit: 1_000, wait: .seconds(30))
      guard !page.events.isEmpty else { throw ProviderError(message: "no opt-out was told") }
      for event in page.events where event.key == call.description && event.type == OptOutHeard.fullName {
        return try OptOutHeard.decode(event.payload)
      }
      place = page.next
    }
  }

  /// How often the end of each call was told.
  func endings() async throws -> [String: Int] {
    let reader = EventLogReader(pool: pool, log: app.control.store.events)
    var counts: [String: Int] = [:]
    var place = EventPlace.beginning
    repeat {
      let page = try await reader.read([0], of: 1, after: place, limit: 1_000, wait: .zero)
      for event in page.events where event.type == CallEnded.fullName { counts[event.key, default: 0] += 1 }
      if page.events.isEmpty { return counts }
      place = page.next
    } while true
  }
}

extension MediaBridgeApplication {
  /// What answers requests; the workers are left to the test.
  var passive: [any LifecycleService] {
    services.filter { !($0 is CallTender) && !($0 is CallWatchdog) }
  }
}
