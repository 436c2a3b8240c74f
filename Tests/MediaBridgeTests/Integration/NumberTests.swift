import Configuration
import Core
import HTTP
import Logging
import PhoneNetwork
import RPC
import RingmasterMessages
import Testing

@testable import MediaBridge

/// Numbers are bought, set up and given back at the embedded phone network, through Twilio's own interface.
@Suite(.timeLimit(.minutes(2))) struct NumberTests {
  private static let context = CallContext(tenant: TenantID.standard.description, actor: "test", method: "BuyNumber")
  private static let bundle = "BU00000000000000000000000000000001"

  private static func with(
    bundle: String = bundle, _ body: @Sendable @escaping (NumberRPC, TwilioProvider) async throws -> Void
  ) async throws {
    try await PhoneNetworkTests.with(seed: 3) { network, _, _ in
      let client = HTTPClient()
      let provider = TwilioProvider(
        settings: .init(
          baseURL: "http://127.0.0.1:\(network.port)", accountID: PhoneNetworkTests.account,
          authToken: Secret(MiniTwilio.token)),
        addresses: BridgeAddresses(publicURL: "https://bridge.example.com", streamURL: nil), client: client,
        logger: .discarding)
      defer { client.close() }
      try await body(NumberRPC(providers: [provider], defaults: .init(bundle: bundle, address: "")), provider)
    }
  }

  private static func purchase(_ key: String, kind: String = "mobile", prefix: String = "") -> BuyNumberRequest {
    BuyNumberRequest(
      wish: RingmasterMessages.NumberWish(provider: "twilio", country: "AU", kind: kind, prefix: prefix),
      purchaseKey: key)
  }

  @Test func aPurchaseIsMadeOnce() async throws {
    try await Self.with { rpc, provider in
      let first = try await rpc.buyNumber(Self.purchase("one"), context: Self.context)
      #expect(first.number.hasPrefix("+614") && first.providerNumberId.hasPrefix("PN"))
      #expect(try await rpc.buyNumber(Self.purchase("one"), context: Self.context) == first)
      let second = try await rpc.buyNumber(Self.purchase("two"), context: Self.context)
      #expect(second.number != first.number)
      #expect(try await provider.owned(name: NumberPurchase.name(key: "one")).count == 1)
      #expect(try await rpc.configureNumber(first, context: Self.context) == first)
    }
  }

  @Test func whatIsReleasedIsGoneAndReleasedAgainWithoutHarm() async throws {
    try await Self.with { rpc, provider in
      let number = try await rpc.buyNumber(Self.purchase("one"), context: Self.context)
      let release = ReleaseNumberRequest(provider: "twilio", providerNumberId: number.providerNumberId)
      for _ in 0..<2 { _ = try await rpc.releaseNumber(release, context: Self.context) }
      #expect(try await provider.owned(name: NumberPurchase.name(key: "one")).isEmpty)
      await #expect(throws: RPCError.self) { try await rpc.configureNumber(number, context: Self.context) }
    }
  }

  @Test func aNumberThatSomebodyElseBoughtIsPassedOver() async throws {
    try await Self.with { rpc, provider in
      let wish = MediaBridge.NumberWish(country: "AU", kind: .mobile, prefix: "")
      let offered = try await provider.search(wish, limit: 2)
      let purchase = NumberPurchase(name: "somebody else", bundle: Self.bundle, address: "")
      guard case .bought(let owned) = await provider.buy(offered[0], purchase) else {
        Issue.record("not bought")
        return
      }
      #expect(owned.number == offered[0])
      #expect(await provider.buy(offered[0], purchase) == .taken)
      #expect(try await rpc.buyNumber(Self.purchase("one"), context: Self.context).number == offered[1])
    }
  }

  @Test func searchesGoByPrefix() async throws {
    try await Self.with { rpc, _ in
      var request = SearchNumbersRequest(wish: Self.purchase("", prefix: "412").wish, limit: 4)
      let numbers = try await rpc.searchNumbers(request, context: Self.context).numbers
      #expect(numbers.count == 4 && numbers.allSatisfy { $0.hasPrefix("+61412") })
      request.wish?.country = "US"
      request.wish?.kind = "local"
      request.wish?.prefix = "212"
      let local = try await rpc.searchNumbers(request, context: Self.context).numbers
      #expect(!local.isEmpty && local.allSatisfy { $0.hasPrefix("+1212") && $0.count == 12 })
      request.wish?.country = "FR"
      #expect(try await rpc.searchNumbers(request, context: Self.context).numbers.isEmpty)
    }
  }

  @Test func withoutABundleItIsSaidWhatIsMissing() async throws {
    try await Self.with(bundle: "") { rpc, _ in
      let error = await #expect(throws: RPCError.self) {
        try await rpc.buyNumber(Self.purchase("one"), context: Self.context)
      }
      #expect(error?.code == .failedPrecondition && error?.message.contains("bundle") == true)
      let free = try await rpc.buyNumber(Self.purchase("two", kind: "toll_free"), context: Self.context)
      #expect(free.number.hasPrefix("+611800"))
    }
  }
}
