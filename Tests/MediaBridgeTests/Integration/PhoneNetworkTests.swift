import Configuration
import Core
import EventLog
import HTTP
import JSON
import Lifecycle
import Logging
import Metrics
import PhoneNetwork
import Postgres
import RPC
import RingmasterMessages
import Synchronization
import TestSupport
import Testing
import Wire

@testable import MediaBridge

/// The bridge as it runs, workers included, against the embedded phone network: what it tells of every call is what truly
/// happened.
@Suite(.serialized, .timeLimit(.minutes(5))) struct PhoneNetworkTests {
  static let account = "AC00000000000000000000000000000001"
  static let callCount = 60

  static let context = CallContext(tenant: TenantID.standard.description, actor: "test", method: "PlaceCall")

  /// The phone network with a fast clock, and a database for bridges.
  static func with(
    seed: Int,
    _ body: @Sendable @escaping (PhoneNetworkApplication, PostgresPool, any BusinessClock) async throws -> Void
  ) async throws {
    let clock = ScaledClock(scale: 20, businessOrigin: BridgeHarness.start, realOrigin: .wallClock())
    var reader = ConfigurationReader(
      service: "phone-network", summary: "",
      environment: [
        "RINGMASTER_PHONE_NETWORK_LISTEN": "http://127.0.0.1:0", "RINGMASTER_PHONE_NETWORK_SEED": String(seed),
        "RINGMASTER_TWILIO_ACCOUNT_SID": Self.account, "RINGMASTER_TWILIO_AUTH_TOKEN": MiniTwilio.token,
        "RINGMASTER_OPENAI_API_KEY": "key",
      ], arguments: [])
    let network = PhoneNetworkApplication(
      PhoneNetworkConfiguration(&reader), clock: clock, logger: .discarding, metrics: MetricsRegistry())
    try reader.finish()
    try network.listen()
    let migrator = Migrator(
      schema: MediaBridgeApplication.schemaName, role: "media_bridge",
      migrations: try MediaBridgeApplication.schema().migrations)
    try await TestDatabase.with([migrator]) { database in
      let pool = database.pool(schema: MediaBridgeApplication.schemaName, role: "media_bridge", size: 4)
      try await running(network.services) { try await body(network, pool, clock) }
      pool.close()
    }
  }

  @Test(arguments: [7]) func everyCallIsToldAsItWas(seed: Int) async throws {
    try await Self.with(seed: seed) { network, pool, clock in
      let app = try Self.bridge(pool, clock, network: network.port, port: Self.freePort())
      try await running(app.services) {
        for number in 0..<Self.callCount {
          _ = try await app.rpc.placeCall(Self.request(number, at: clock.now()), context: Self.context)
        }
        let endings = try await Self.endings(app.control.store.events, pool)
        try await Self.compare(endings, network: network.port)
        #expect(app.calls.count == 0)
        #expect(app.control.metrics.strays.value() == 0)
      }
    }
  }

  /// Calls that no bridge has answered for yet, in turn.
  private final class Waiting: Sendable {
    private let requests: Mutex<[PlaceCallRequest]>

    init(_ requests: [PlaceCallRequest]) {
      self.requests = Mutex(requests)
    }

    func take(_ most: Int) -> [PlaceCallRequest] {
      requests.withLock { requests in
        let taken = Array(requests.prefix(most))
        requests.removeFirst(taken.count)
        return taken
      }
    }

    func giveBack(_ request: PlaceCallRequest) {
      requests.withLock { $0.append(request) }
    }
  }

  /// Bridges that die without a word, in the middle of placing and of talking: no call is placed twice, none is lost, and
  /// none is told twice.
  @Test(arguments: [11, 12]) func bridgesMayDie(seed: Int) async throws {
    try await Self.with(seed: seed) { network, pool, clock in
      let port = try Self.freePort()
      var generator = SeededGenerator(seed: UInt64(seed))
      let waiting = Waiting((0..<Self.callCount).map { Self.request($0, at: clock.now(), maxDuration: .seconds(90)) })
      for _ in 0..<3 {
        let most = Int.random(in: 8...20, using: &generator)
        let app = try Self.bridge(pool, clock, network: network.port, port: port)
        try await app.watchdog.stayAlive()
        try await running(app.services) {
          let requests = waiting.take(most)
          await withTaskGroup(of: Void.self) { group in
            for request in requests {
              group.addTask { if await place(request, app) == .unavailable { waiting.giveBack(request) } }
            }
            // It dies when the first of them is placed, with the others on their way.
            await group.next()
            group.cancelAll()
          }
        }
      }
      let app = try Self.bridge(pool, clock, network: network.port, port: port)
      try await app.watchdog.stayAlive()
      try await running(app.services) {
        // As the dialer does: asked again until the bridge says one thing or the other.
        while let request = waiting.take(1).first {
          if await place(request, app) == .unavailable { waiting.giveBack(request) }
        }
        try await Self.check(try await Self.endings(app.control.store.events, pool), network: network.port)
        #expect(app.control.metrics.strays.value() == 0)
      }
    }
  }

  /// Nil when the bridge answers for the call.
  private func place(_ request: PlaceCallRequest, _ app: MediaBridgeApplication) async -> RPCCode? {
    do {
      _ = try await app.rpc.placeCall(request, context: Self.context)
      return nil
    } catch {
      return (error as? RPCError)?.code ?? .unavailable
    }
  }

  /// A port of 127.0.0.2 that nobody listens on: the bridge's own address must be known before it listens.
  static func freePort() throws -> Int {
    let probe = HTTPServer(
      address: "http://127.0.0.1:0", router: Router(), logger: .discarding, metrics: MetricsRegistry())
    try probe.listen()
    return probe.port
  }

  static func bridge(
    _ pool: PostgresPool, _ clock: any BusinessClock, network: Int, port: Int
  ) throws -> MediaBridgeApplication {
    var reader = ConfigurationReader(
      service: "media-bridge", summary: "",
      environment: [
        "RINGMASTER_MEDIA_BRIDGE_LISTEN": "http://127.0.0.2:\(port)",
        "RINGMASTER_MEDIA_BRIDGE_PUBLIC_URL": "http://127.0.0.2:\(port)",
        "RINGMASTER_MEDIA_BRIDGE_SETTLE": "5s",
        "RINGMASTER_TWILIO_URL": "http://127.0.0.1:\(network)", "RINGMASTER_TWILIO_ACCOUNT_SID": account,
        "RINGMASTER_TWILIO_AUTH_TOKEN": MiniTwilio.token,
        "RINGMASTER_OPENAI_REALTIME_URL": "ws://127.0.0.1:\(network)/v1/realtime", "RINGMASTER_OPENAI_API_KEY": "key",
      ], arguments: [])
    let configuration = MediaBridgeConfiguration(&reader)
    try reader.finish()
    return try MediaBridgeApplication(
      configuration: configuration, pool: pool, events: EventLog(schema: MediaBridgeApplication.schemaName),
      clock: clock, logger: .discarding, metrics: MetricsRegistry())
  }

  static func request(
    _ number: Int, at now: Instant, maxDuration: Duration = .seconds(300)
  ) -> PlaceCallRequest {
    let call = CallID.random()
    let permit = DialPermit(
      callId: call.description, campaignId: CampaignID.random().description, leadId: LeadID.random().description,
      attemptNumber: 1, to: "+1\(2_125_550_100 + number)", from: "+15005550006", grantedAt: Timestamp(now),
      expiresAt: Timestamp(now + .hours(1)), policyVersion: 1, evidence: [])
    let instructions = """
      Agent name: Alex
      Business: Northwind
      Lead: Ada Abbott
      Goal: Find out what they need.
      Questions to ask:
      - budget: What budget have you set aside for this?
      - timeline: How soon are you looking to get started?
      """
    let brief = CallBrief(
      callId: call.description, instructions: instructions,
      greeting: "Hello, is this Ada? This is Alex, an AI assistant calling for Northwind.",
      voicemailScript: "Sorry to have missed you.")
    return PlaceCallRequest(
      permit: permit, brief: brief, provider: "twilio", maxDuration: ProtobufDuration(maxDuration),
      leaveVoicemail: true)
  }

  /// The end of every call.
  static func endings(_ log: EventLog, _ pool: PostgresPool) async throws -> [CallEnded] {
    let reader = EventLogReader(pool: pool, log: log)
    var endings: [String: CallEnded] = [:]
    var place = EventPlace.beginning
    while endings.count < callCount {
      let page = try await reader.read([0], of: 1, after: place, limit: 1_000, wait: .seconds(60))
      guard !page.events.isEmpty else { throw ProviderError(message: "\(endings.count) calls ended, then none") }
      for event in page.events where event.type == CallEnded.fullName {
        #expect(endings.updateValue(try CallEnded.decode(event.payload), forKey: event.key) == nil, "told twice")
      }
      place = page.next
    }
    return Array(endings.values)
  }

  static func truth(_ network: Int) async throws -> [JSONValue] {
    let url = "http://127.0.0.1:\(network)/truth/calls?limit=1000"
    return try await HTTPClient().send(HTTPClientRequest(url: url)).json()["calls"]?.arrayValue ?? []
  }

  /// Each call was placed once or never, and is told for what it was.
  static func check(_ endings: [CallEnded], network: Int) async throws {
    let calls = Dictionary(grouping: try await truth(network)) { $0["number"]?.stringValue ?? "" }
    #expect(calls.values.allSatisfy { $0.count == 1 }, "a phone rang twice")
    for ended in endings {
      guard let call = calls[ended.to]?.first else {
        #expect(ended.facts.compactMap(\.kind).contains(.failure("not_placed")), "\(ended)")
        continue
      }
      #expect(ended.providerCallId == call["sid"]?.stringValue)
      // A verdict on who answered may have come while nobody listened.
      let status = call["status"]?.stringValue ?? ""
      let states = [
        "completed": [RingmasterMessages.CallState.completed, .voicemail], "busy": [.busy], "failed": [.failed],
      ]
      #expect((states[status] ?? [.noAnswer, .cancelled]).contains(ended.state), "\(call)")
    }
  }

  static func compare(_ endings: [CallEnded], network: Int) async throws {
    let endings = Dictionary(endings.map { ($0.providerCallId, $0) }) { first, _ in first }
    let calls = try await truth(network)
    #expect(calls.count == callCount)
    for truth in calls {
      let sid = truth["sid"]?.stringValue ?? ""
      let ended = try #require(endings[sid])
      let expected: RingmasterMessages.CallState =
        switch truth["outcome"]?.stringValue {
        case "no_answer": .noAnswer
        case "busy": .busy
        case "failed": .failed
        case "voicemail": .voicemail
        default: .completed
        }
      #expect(ended.state == expected, "\(sid): \(truth)")
      guard expected == .completed else { continue }
      #expect(truth["outcome"] != "cut_short", "\(sid)")
      let lines = truth["conversation"]?["lines"]?.arrayValue ?? []
      let said = lines.filter { $0["speaker"] == "person" }.compactMap { $0["text"]?.stringValue }
      let written = ended.transcript.filter { $0.speaker == .person }.map(\.text)
      // The line may be cut while they say their last words.
      #expect(words(said).starts(with: words(written)), "\(sid): \(written) of \(said)")
      #expect(words(written).count >= words(said.dropLast()).count, "\(sid): \(written) of \(said)")
      let heard = Set(words(lines.filter { $0["speaker"] == "agent" }.compactMap { $0["text"]?.stringValue }))
      // How far an interrupted line was heard is reckoned from the share of its audio: its end may be two words off.
      let told = ended.transcript.filter { $0.speaker == .agent }.flatMap { turn in
        words([turn.text]).dropLast(turn.interrupted ? 2 : 0)
      }
      #expect(Set(told).isSubset(of: heard), "\(sid)")
      let seconds = truth["duration_seconds"]?.intValue ?? -1
      #expect(ended.talkDuration?.duration == .seconds(seconds))
    }
  }

  static func words(_ lines: some Sequence<String>) -> [Substring] {
    lines.joined(separator: " ").split(separator: " ")
  }
}
