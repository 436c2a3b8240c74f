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
import RingmasterMessages
import TestSupport
import Testing
import Wire

@testable import MediaBridge

/// The bridge as it runs, workers included, against the embedded phone network: what it tells of every call is what truly
/// happened.
@Suite(.serialized, .timeLimit(.minutes(5))) struct PhoneNetworkTests {
  static let account = "AC00000000000000000000000000000001"
  static let callCount = 60

  @Test(arguments: [7]) func everyCallIsToldAsItWas(seed: Int) async throws {
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
      let app = try Self.bridge(pool, clock, network: network.port)
      try await BridgeHarness.running(network.services + app.services) {
        for number in 0..<Self.callCount {
          _ = try await app.rpc.placeCall(
            Self.request(number, at: clock.now()),
            context: .init(tenant: TenantID.standard.description, actor: "test", method: "PlaceCall"))
        }
        let endings = try await Self.endings(app, pool)
        try await Self.compare(endings, network: network.port)
        #expect(app.calls.count == 0)
        #expect(app.control.metrics.strays.value() == 0)
      }
      pool.close()
    }
  }

  static func bridge(_ pool: PostgresPool, _ clock: any BusinessClock, network: Int) throws -> MediaBridgeApplication {
    // The bridge's own address must be known before it listens.
    let probe = HTTPServer(
      address: "http://127.0.0.1:0", router: Router(), logger: .discarding, metrics: MetricsRegistry())
    try probe.listen()
    let port = probe.port
    var reader = ConfigurationReader(
      service: "media-bridge", summary: "",
      environment: [
        "RINGMASTER_MEDIA_BRIDGE_LISTEN": "http://127.0.0.2:\(port)",
        "RINGMASTER_MEDIA_BRIDGE_PUBLIC_URL": "http://127.0.0.2:\(port)",
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

  static func request(_ number: Int, at now: Instant) -> PlaceCallRequest {
    let call = CallID.random()
    let permit = DialPermit(
      callId: call.description, campaignId: CampaignID.random().description, leadId: LeadID.random().description,
      attemptNumber: 1, to: "+1\(2_125_550_100 + number)", from: "+15005550006", grantedAt: Timestamp(now),
      expiresAt: Timestamp(now + .seconds(120)), policyVersion: 1, evidence: [])
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
      permit: permit, brief: brief, provider: "twilio", maxDuration: ProtobufDuration(.seconds(300)),
      leaveVoicemail: true)
  }

  /// The end of every call, by the provider's id.
  static func endings(_ app: MediaBridgeApplication, _ pool: PostgresPool) async throws -> [String: CallEnded] {
    let reader = EventLogReader(pool: pool, log: app.control.store.events)
    var endings: [String: CallEnded] = [:]
    var place = EventPlace.beginning
    while endings.count < callCount {
      let page = try await reader.read(partition: 0, partitions: 1, after: place, limit: 1_000, wait: .seconds(60))
      guard !page.events.isEmpty else { throw ProviderError(message: "\(endings.count) calls ended, then none") }
      for event in page.events where event.type == CallEnded.fullName {
        let ended = try CallEnded.decode(event.payload)
        #expect(endings.updateValue(ended, forKey: ended.providerCallId) == nil, "told twice")
      }
      place = page.next
    }
    return endings
  }

  static func compare(_ endings: [String: CallEnded], network: Int) async throws {
    let client = HTTPClient()
    let url = "http://127.0.0.1:\(network)/truth/calls?limit=1000"
    let calls = try await client.send(HTTPClientRequest(url: url)).json()["calls"]?.arrayValue ?? []
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
      // The call may end while they still say goodbye: their last line may be missing, whole or in part.
      #expect(words(said).starts(with: words(written)), "\(sid): \(written) of \(said)")
      #expect(words(written).count >= words(said.dropLast()).count, "\(sid): \(written) of \(said)")
      let heard = Set(words(lines.filter { $0["speaker"] == "agent" }.compactMap { $0["text"]?.stringValue }))
      #expect(Set(words(ended.transcript.filter { $0.speaker == .agent }.map(\.text))).isSubset(of: heard), "\(sid)")
      let seconds = truth["duration_seconds"]?.intValue ?? -1
      #expect(ended.talkDuration?.duration == .seconds(seconds))
    }
  }

  static func words(_ lines: [String]) -> [Substring] {
    lines.joined(separator: " ").split(separator: " ")
  }
}
