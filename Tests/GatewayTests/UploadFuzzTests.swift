import Core
import Glibc
import HTTP
import JSON
import Lifecycle
import Metrics
import Postgres
import RPC
import RingmasterMessages
import RingmasterServices
import TestSupport
import Testing
import Wire

@testable import Gateway

/// Ten thousand random and mutated files through the upload's real route: real HTTP, real keys, and RPC to a stand-in
/// for campaign-executor that counts. Nothing crashes, nothing is kept, and a sound file is taken afterwards. The seed
/// is the argument.
@Suite(.timeLimit(.minutes(5))) struct UploadFuzzTests {
  private static let inputsPerSeed = 2500
  /// What allocators may keep for themselves.
  private static let memoryTolerance = 48 << 20
  private static let sound = "phone,first name,company\n+12125550123,Ada,\"Abbott, Inc\"\r\n+12125550124,Bob,\n"

  /// Takes imports, and counts.
  private struct Executor: RPCService {
    var descriptors: [MethodDescriptor] { CampaignServiceMethods.all }

    func handle(_ method: MethodDescriptor, request: [UInt8], context: CallContext) async throws -> [UInt8] {
      switch method.name {
      case "OpenImport": return OpenImportResponse(importId: "import").encoded()
      case "ImportLeads":
        let batch = try ImportLeadsRequest.decode(request)
        return ImportLeadsResponse(added: Int32(batch.leads.count), problems: batch.refused).encoded()
      case "CloseImport":
        return ImportSummary(complete: try CloseImportRequest.decode(request).complete).encoded()
      default: throw RPCError(.unimplemented, method.name)
      }
    }
  }

  /// Serves the upload's route while `body` runs.
  private func serving(_ body: @Sendable @escaping (String) async throws -> Void) async throws {
    let migrator = Migrator(schema: "gateway", role: "gateway", migrations: try GatewayApplication.schema().migrations)
    try await TestDatabase.with([migrator]) { database in
      let pool = database.pool(schema: "gateway", role: "gateway")
      let keys = try KeyStore(pool: pool)
      try await keys.admit("key", name: "test", tenant: .standard, now: Instant(microsecondsSince1970: 0))
      let executor = RPCServer(endpoints: ["tcp://127.0.0.1:0"], services: [Executor()])
      try executor.listen()
      let client = try RPCClient(endpoints: executor.boundEndpoints)
      let context = RESTContext(
        keys: keys, campaigns: CampaignServiceClient(client), outcomes: OutcomeServiceClient(client),
        dialer: DialerServiceClient(client), followUp: FollowUpServiceClient(client),
        webhooks: WebhookServiceClient(client), notifications: NotificationServiceClient(client))
      var router = Router()
      LeadRoutes(context: context).add(to: &router)
      let server = HTTPServer(
        address: "http://127.0.0.1:0", router: router, logger: .discarding, metrics: MetricsRegistry())
      try server.listen()
      try await withThrowingTaskGroup(of: Void.self) { group in
        for service in [executor, server] as [any LifecycleService] { group.addTask { try? await service.run() } }
        defer { group.cancelAll() }
        try await body("http://127.0.0.1:\(server.port)/api/campaigns/c/leads/upload")
      }
      await client.close()
      pool.close()
    }
  }

  private func upload(_ file: [UInt8], to url: String, through client: HTTPClient) async throws -> HTTPClientResponse {
    var request = HTTPClientRequest(method: .post, url: url, body: file, timeout: .seconds(60))
    request.headers["Content-Type"] = "text/csv"
    request.headers["Authorization"] = "Bearer key"
    return try await client.send(request)
  }

  /// Mostly the sound file with some bytes put in, changed or lost; else noise.
  private static func file(_ generator: inout SeededGenerator) -> [UInt8] {
    let alphabet = Array("\",\r\n ab+1\u{0}é\u{FEFF}".utf8) + [0xFF, 0xC0]
    var bytes = Int.random(in: 0..<8, using: &generator) == 0 ? [] : Array(sound.utf8)
    for _ in 0..<Int.random(in: 0...30, using: &generator) {
      let at = Int.random(in: 0...bytes.count, using: &generator)
      switch Int.random(in: 0..<3, using: &generator) {
      case 0 where at < bytes.count: bytes[at] = .random(in: 0...255, using: &generator)
      case 1 where at < bytes.count: bytes.remove(at: at)
      default: bytes.insert(alphabet.randomElement(using: &generator) ?? 0, at: at)
      }
    }
    return bytes
  }

  @Test(arguments: UInt64(1)...4) func theRouteTakesAnything(seed: UInt64) async throws {
    try await serving { url in
      let client = HTTPClient()
      var generator = SeededGenerator(seed: seed)
      var before = 0
      for number in 0..<Self.inputsPerSeed {
        if number == Self.inputsPerSeed / 5 { before = ProcessFigures.residentBytes() }
        let answer = try await upload(Self.file(&generator), to: url, through: client)
        #expect([200, 400].contains(answer.status.code), "seed \(seed), file \(number)")
      }
      #expect(ProcessFigures.residentBytes() - before < Self.memoryTolerance, "seed \(seed)")
      let answer = try await upload(Array(Self.sound.utf8), to: url, through: client)
      #expect(answer.status == .ok)
      #expect(try answer.json()["complete"] == true)
      #expect(try answer.json()["problems"] == [])
    }
  }
}
