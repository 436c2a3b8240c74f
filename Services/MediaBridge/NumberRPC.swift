import RPC
import RingmasterMessages
import RingmasterServices

/// Numbers at the provider: the bridge's RPC surface for buying, setting up and giving back.
struct NumberRPC: NumberServiceHandler {
  /// What is used where a request names none.
  struct Defaults: Sendable {
    var bundle = ""
    var address = ""
  }

  let providers: [any NumberProvider]
  let defaults: Defaults

  /// Numbers that are tried when others are bought away meanwhile.
  private static let candidates = 5
  private static let mostFound: Int32 = 50

  func searchNumbers(_ request: SearchNumbersRequest, context: CallContext) async throws -> SearchNumbersResponse {
    let (provider, wish) = try self.wish(request.wish)
    guard (1...Self.mostFound).contains(request.limit) else {
      throw RPCError(.invalidArgument, "limit: \(request.limit) is outside 1 to \(Self.mostFound)")
    }
    var response = SearchNumbersResponse()
    response.numbers = try await asking { try await provider.search(wish, limit: Int(request.limit)) }
    return response
  }

  /// A purchase is looked for under its name before anything is bought, and again when its fate is not known.
  func buyNumber(_ request: BuyNumberRequest, context: CallContext) async throws -> ProviderNumber {
    let (provider, wish) = try self.wish(request.wish)
    let key = request.purchaseKey
    guard (1...40).contains(key.count), key.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") })
    else { throw RPCError(.invalidArgument, "purchase_key: 1 to 40 letters, digits and hyphens are needed") }
    let purchase = NumberPurchase(
      name: NumberPurchase.name(key: key), bundle: request.bundleId.isEmpty ? defaults.bundle : request.bundleId,
      address: request.addressId.isEmpty ? defaults.address : request.addressId)
    if let found = try await found(purchase, at: provider) { return found }
    let numbers = try await asking { try await provider.search(wish, limit: Self.candidates) }
    for number in numbers {
      switch await provider.buy(number, purchase) {
      case .bought(let owned): return ProviderNumber(owned, provider: provider.name)
      case .taken: continue
      case .refused(let reason): throw RPCError(.failedPrecondition, reason)
      case .unsure(let reason):
        if let found = try await found(purchase, at: provider) { return found }
        throw RPCError(
          .unavailable, "nobody knows whether a number was bought (\(reason)); ask again with the same key")
      }
    }
    throw RPCError(
      .notFound, "the provider has no \(wish.kind.rawValue) number in \(wish.country) that fits; try another prefix")
  }

  func configureNumber(_ request: ProviderNumber, context: CallContext) async throws -> ProviderNumber {
    let provider = try provider(request.provider)
    guard
      let owned = try await asking({ try await provider.configure(id: Self.id(request.providerNumberId)) })
    else { throw RPCError(.notFound, "the account has no number with the id \(request.providerNumberId)") }
    return ProviderNumber(owned, provider: provider.name)
  }

  func releaseNumber(_ request: ReleaseNumberRequest, context: CallContext) async throws -> ReleaseNumberResponse {
    let provider = try provider(request.provider)
    try await asking { try await provider.release(id: Self.id(request.providerNumberId)) }
    return ReleaseNumberResponse()
  }

  private func found(_ purchase: NumberPurchase, at provider: any NumberProvider) async throws -> ProviderNumber? {
    let owned = try await asking { try await provider.owned(name: purchase.name) }
    // Two that were bought under one name can only come from a purchase that was in doubt; the same is always taken.
    return owned.min { $0.id < $1.id }.map { ProviderNumber($0, provider: provider.name) }
  }

  private func asking<Value>(_ body: () async throws -> Value) async throws -> Value {
    do {
      return try await body()
    } catch let error as ProviderError {
      throw RPCError(.unavailable, "the provider could not be asked: \(error); try again")
    } catch let error as RPCError {
      throw error
    } catch {
      throw RPCError(.unavailable, "the provider could not be asked; try again")
    }
  }

  private func provider(_ name: String) throws(RPCError) -> any NumberProvider {
    if let provider = providers.first(where: { $0.name == name }) { return provider }
    throw RPCError(
      .invalidArgument,
      "provider: \"\(name)\" is not one of this bridge's: \(providers.map(\.name).joined(separator: ", "))")
  }

  private func wish(
    _ wish: RingmasterMessages.NumberWish?
  ) throws(RPCError) -> (any NumberProvider, NumberWish) {
    guard let wish else { throw RPCError(.invalidArgument, "wish is missing") }
    let provider = try provider(wish.provider)
    guard wish.country.count == 2, wish.country.allSatisfy({ $0.isASCII && $0.isUppercase }) else {
      throw RPCError(.invalidArgument, "wish.country: \"\(wish.country)\" is no ISO 3166 code, such as AU")
    }
    guard let kind = NumberWish.Kind(rawValue: wish.kind) else {
      throw RPCError(.invalidArgument, "wish.kind: \"\(wish.kind)\" is not known; mobile, local and toll_free are")
    }
    guard wish.prefix.count <= 10, wish.prefix.allSatisfy({ $0.isASCII && $0.isNumber }) else {
      throw RPCError(.invalidArgument, "wish.prefix: at most 10 digits, after the country code")
    }
    return (provider, NumberWish(country: wish.country, kind: kind, prefix: wish.prefix))
  }

  /// An id goes into a path: only what ids are made of.
  private static func id(_ text: String) throws(RPCError) -> String {
    guard (1...64).contains(text.count), text.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber) }) else {
      throw RPCError(.invalidArgument, "provider_number_id: \"\(text)\" is no id of a number")
    }
    return text
  }
}

extension ProviderNumber {
  init(_ owned: OwnedNumber, provider: String) {
    self.init(provider: provider, number: owned.number, providerNumberId: owned.id)
  }
}
