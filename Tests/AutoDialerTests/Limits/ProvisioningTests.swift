import Configuration
import Core
import HTTP
import Lifecycle
import Logging
import Metrics
import PhoneNetwork
import Postgres
import RPC
import RingmasterMessages
import RingmasterServices
import Synchronization
import Testing
import Wire

@testable import AutoDialer
@testable import MediaBridge

/// Numbers are bought through the bridge at the embedded phone network, over real RPC.
@Suite(.timeLimit(.minutes(2))) struct ProvisioningTests {
  private static let account = "AC00000000000000000000000000000001"
  private static let token = "12345678901234567890123456789012"
  private static let bundle = "BU00000000000000000000000000000001"
  private static let context = CallContext(tenant: TenantID.standard.description, actor: "test", method: "Provision")

  /// The bridge's numbers with answers that get lost after the number was bought.
  private final class Losing: NumberServiceHandler {
    let real: NumberRPC
    private let losses = Mutex(0)

    init(_ real: NumberRPC) { self.real = real }

    func lose(_ answers: Int) { losses.withLock { $0 = answers } }

    func searchNumbers(_ request: SearchNumbersRequest, context: CallContext) async throws -> SearchNumbersResponse {
      try await real.searchNumbers(request, context: context)
    }

    func buyNumber(_ request: BuyNumberRequest, context: CallContext) async throws -> ProviderNumber {
      let number = try await real.buyNumber(request, context: context)
      let isLost = losses.withLock { losses in
        defer { losses = max(0, losses - 1) }
        return losses == 1
      }
      if isLost { throw RPCError(.aborted, "lost") }
      return number
    }

    func configureNumber(_ request: ProviderNumber, context: CallContext) async throws -> ProviderNumber {
      try await real.configureNumber(request, context: context)
    }

    func releaseNumber(_ request: ReleaseNumberRequest, context: CallContext) async throws -> ReleaseNumberResponse {
      try await real.releaseNumber(request, context: context)
    }
  }

  private static func with(
    _ body: @Sendable @escaping (CallerIDRPC, Losing, TwilioProvider, Dialers) async throws -> Void
  ) async throws {
    let clock = ManualClock(Dialers.monday)
    var reader = ConfigurationReader(
      service: "phone-network", summary: "",
      environment: [
        "RINGMASTER_PHONE_NETWORK_LISTEN": "http://127.0.0.1:0", "RINGMASTER_TWILIO_ACCOUNT_SID": account,
        "RINGMASTER_TWILIO_AUTH_TOKEN": token, "RINGMASTER_OPENAI_API_KEY": "key",
      ], arguments: [])
    let network = PhoneNetworkApplication(
      PhoneNetworkConfiguration(&reader), clock: clock, logger: .discarding, metrics: MetricsRegistry())
    try reader.finish()
    try network.listen()
    let http = HTTPClient()
    defer { http.close() }
    let provider = TwilioProvider(
      settings: .init(baseURL: "http://127.0.0.1:\(network.port)", accountID: account, authToken: Secret(token)),
      addresses: BridgeAddresses(publicURL: "https://bridge.example.com", streamURL: nil), client: http,
      logger: .discarding)
    let losing = Losing(NumberRPC(providers: [provider], defaults: .init(bundle: bundle, address: "")))
    let server = RPCServer(endpoints: ["tcp://127.0.0.1:0"], services: [NumberServiceServer(losing)])
    try server.listen()
    let client = try RPCClient(endpoints: server.boundEndpoints)
    try await Dialers.with { dialers in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for service in network.services { group.addTask { try? await service.run() } }
        group.addTask { try? await server.run() }
        let rpc = CallerIDRPC(store: dialers.store, numbers: NumberServiceClient(client), clock: clock)
        try await body(rpc, losing, provider, dialers)
        await client.close()
        group.cancelAll()
      }
    }
  }

  private static func order(_ key: String, tier: Int32, count: Int32 = 0) -> ProvisionCallerIdsRequest {
    var order = ProvisionCallerIdsRequest()
    order.requestKey = key
    order.tier = tier
    order.count = count
    order.timeZone = "Australia/Sydney"
    return order
  }

  private static func owned(_ provider: TwilioProvider) async throws -> Int {
    try await provider.all().count
  }

  @Test func aTierGetsItsAllotmentAndEachNumberWarmsUp() async throws {
    try await Self.with { rpc, _, provider, dialers in
      let answer = try await rpc.provisionCallerIds(Self.order("first", tier: 3), context: Self.context)
      #expect(answer.callerIds.count == 3 && answer.shortfall.isEmpty)
      for number in answer.callerIds {
        #expect(number.state == .warming && number.tier == 3 && number.callsTodayMost == 20 && number.warmupDay == 1)
        #expect(number.timeZone == "Australia/Sydney" && number.providerNumberId.hasPrefix("PN"))
      }
      // The same again, and another request when nothing is lacking, buy nothing.
      let again = try await rpc.provisionCallerIds(Self.order("first", tier: 3), context: Self.context)
      #expect(again.callerIds.map(\.number) == answer.callerIds.map(\.number))
      #expect(try await rpc.provisionCallerIds(Self.order("second", tier: 3), context: Self.context).callerIds.isEmpty)
      #expect(try await Self.owned(provider) == 3)
    }
  }

  @Test func aRequestThatBrokeOffIsContinuedWithoutBuyingTwice() async throws {
    try await Self.with { rpc, losing, provider, _ in
      losing.lose(2)
      await #expect(throws: RPCError.self) {
        try await rpc.provisionCallerIds(Self.order("first", tier: 1, count: 3), context: Self.context)
      }
      #expect(try await Self.owned(provider) == 2)  // The second is bought, but nobody here knows.
      let answer = try await rpc.provisionCallerIds(Self.order("first", tier: 1, count: 3), context: Self.context)
      #expect(answer.callerIds.count == 3)
      #expect(try await Self.owned(provider) == 3)
    }
  }

  @Test func whatIsReleasedIsNeverShownAgain() async throws {
    try await Self.with { rpc, _, provider, dialers in
      let bought = try await rpc.provisionCallerIds(Self.order("first", tier: 1), context: Self.context)
      let number = try #require(bought.callerIds.first?.number)
      var release = ReleaseCallerIdRequest()
      release.number = number
      for _ in 0..<2 { #expect(try await rpc.releaseCallerId(release, context: Self.context).state == .retired) }
      #expect(try await Self.owned(provider) == 0)
      var change = ChangeCallerIdRequest()
      change.number = number
      change.state = .active
      await #expect(throws: RPCError.self) { try await rpc.changeCallerId(change, context: Self.context) }
    }
  }

  @Test func whatAnOrderLacksIsSaid() async throws {
    try await Self.with { rpc, _, _, _ in
      func fault(_ change: (inout ProvisionCallerIdsRequest) -> Void) async -> String {
        var order = Self.order("key", tier: 1)
        change(&order)
        do {
          _ = try await rpc.provisionCallerIds(order, context: Self.context)
          return "bought"
        } catch let error as RPCError {
          return String(error.message.prefix { $0 != ":" })
        } catch {
          return "\(error)"
        }
      }
      #expect(await fault { $0.requestKey = "" } == "request_key")
      #expect(await fault { $0.tier = 4 } == "tier")
      #expect(await fault { $0.count = 21 } == "count")
      #expect(await fault { $0.kind = "pager" } == "kind")
      #expect(await fault { $0.country = "Australia" } == "country")
      #expect(await fault { $0.prefix = "4-1" } == "prefix")
      #expect(await fault { $0.timeZone = "Mars" } == "time_zone")
      #expect(await fault { $0.country = "FR" }.hasPrefix("the provider has no mobile number in FR"))
    }
  }
}

extension TwilioProvider {
  /// Every number of the account.
  fileprivate func all() async throws -> [OwnedNumber] {
    TwilioNumber.owned(try await get("IncomingPhoneNumbers.json?PageSize=50").json())
  }
}
