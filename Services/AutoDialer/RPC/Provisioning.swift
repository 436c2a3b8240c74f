import Core
import RPC
import RingmasterMessages
import RingmasterServices
import Telephony
import Wire

/// Buys numbers for the pool. Each purchase has a key that follows from the request's, so that a request that broke off
/// anywhere can be made again: what was bought is found at the provider, and nothing is bought twice.
struct Provisioning: Sendable {
  let store: DialStore
  let numbers: NumberServiceClient
  let clock: any BusinessClock

  private static let deadline = Duration.seconds(30)

  /// What is to be bought.
  struct Order: Sendable {
    var key: String
    var tenant: TenantID
    var tier: Int
    /// Nil: what the tier lacks of its allotment.
    var count: Int?
    var wish: NumberWish
    var bundleID: String
    var addressID: String
    var zone: TimeZoneRules

    init(
      _ request: ProvisionCallerIdsRequest, tenant: TenantID, provider: String, tier: Int, zone: TimeZoneRules
    ) throws(RPCError) {
      guard (1...100).contains(request.requestKey.count) else {
        throw RPCError(
          .invalidArgument, "request_key: 1 to 100 characters that name this request; the same again continues it")
      }
      guard (0...20).contains(request.count) else {
        throw RPCError(.invalidArgument, "count: \(request.count) is outside 0 to 20")
      }
      let kind = request.kind.isEmpty ? "mobile" : request.kind
      guard ["mobile", "local", "toll_free"].contains(kind) else {
        throw RPCError(.invalidArgument, "kind: \"\(kind)\" is not known; mobile, local and toll_free are")
      }
      let country = request.country.isEmpty ? "AU" : request.country
      guard country.count == 2, country.allSatisfy({ $0.isASCII && $0.isUppercase }) else {
        throw RPCError(.invalidArgument, "country: \"\(country)\" is no ISO 3166 code, such as AU")
      }
      guard request.prefix.count <= 10, request.prefix.allSatisfy({ $0.isASCII && $0.isNumber }) else {
        throw RPCError(.invalidArgument, "prefix: at most 10 digits, after the country code")
      }
      key = request.requestKey
      self.tenant = tenant
      self.tier = tier
      count = request.count == 0 ? nil : Int(request.count)
      wish = NumberWish(provider: provider, country: country, kind: kind, prefix: request.prefix)
      bundleID = request.bundleId
      addressID = request.addressId
      self.zone = zone
    }
  }

  /// - Returns: All numbers of the request, and why there are fewer than wanted (empty when there are not).
  func run(_ order: Order, context: CallContext) async throws -> (bought: [StoredCallerID], shortfall: String) {
    let before = try await store.callerIDs(ofRequest: order.key, tenant: order.tenant).count
    let lacking = max(0, order.tier - (try await store.countCallerIDs(ofTier: order.tier, tenant: order.tenant)))
    var shortfall = ""
    for place in 0..<(order.count ?? before + lacking) {
      do {
        try await buy(place, of: order, context: context)
      } catch let error as RPCError where error.code == .notFound || error.code == .failedPrecondition {
        shortfall = error.message
        break
      }
    }
    let bought = try await store.callerIDs(ofRequest: order.key, tenant: order.tenant)
    if bought.isEmpty, !shortfall.isEmpty { throw RPCError(.failedPrecondition, shortfall) }
    return (bought, shortfall)
  }

  private func buy(_ place: Int, of order: Order, context: CallContext) async throws {
    let options = CallOptions(deadline: Self.deadline, tenant: order.tenant.description, actor: context.actor)
    var purchase = BuyNumberRequest()
    purchase.wish = order.wish
    purchase.purchaseKey = UniqueID.derived(from: order.tenant.description, order.key, String(place)).description
    purchase.bundleId = order.bundleID
    purchase.addressId = order.addressID
    let number = try await numbers.buyNumber(purchase, options: options)
    _ = try await numbers.configureNumber(number, options: options)
    try await store.add(
      .init(
        number: number.number, tier: order.tier, provider: order.wish.provider, zone: order.zone, isWarm: false,
        providerNumberID: number.providerNumberId, requestKey: order.key), tenant: order.tenant, now: clock.now())
  }
}
