import HTTP
import RingmasterMessages
import RingmasterServices
import Wire

/// `/api/limits` and `/api/campaigns/{id}/budget`: what caps how many calls are made.
struct LimitRoutes: Sendable {
  let context: RESTContext
  let limits: LimitServiceClient

  func add(to router: inout Router) {
    router.on(.get, "/api/limits") { request in try await relayed { try await tenant(request) } }
    router.on(.put, "/api/limits") { request in try await relayed { try await setTenant(request) } }
    router.on(.get, "/api/limits/providers/{provider}") { request in
      try await relayed { try await provider(request) }
    }
    router.on(.put, "/api/limits/providers/{provider}") { request in
      try await relayed { try await setProvider(request) }
    }
    router.on(.get, "/api/campaigns/{id}/budget") { request in try await relayed { try await budget(request) } }
  }

  private func tenant(_ request: HTTPRequest) async throws -> HTTPResponse {
    let caller = try await context.caller(request)
    return .json(try await limits.getTenantLimits(GetTenantLimitsRequest(), options: context.options(caller)).json)
  }

  private func setTenant(_ request: HTTPRequest) async throws -> HTTPResponse {
    let caller = try await context.caller(request)
    var wish = SetTenantLimitsRequest()
    wish.limits = try await context.message(TenantLimits.self, from: request)
    return .json(try await limits.setTenantLimits(wish, options: context.options(caller)).json)
  }

  private func provider(_ request: HTTPRequest) async throws -> HTTPResponse {
    let caller = try await context.caller(request)
    var wish = GetProviderLimitsRequest()
    wish.provider = request.parameter("provider")
    return .json(try await limits.getProviderLimits(wish, options: context.options(caller)).json)
  }

  private func setProvider(_ request: HTTPRequest) async throws -> HTTPResponse {
    let caller = try await context.caller(request)
    var wish = SetProviderLimitsRequest()
    wish.limits = try await context.message(ProviderLimits.self, from: request)
    wish.limits?.provider = request.parameter("provider")
    return .json(try await limits.setProviderLimits(wish, options: context.options(caller)).json)
  }

  private func budget(_ request: HTTPRequest) async throws -> HTTPResponse {
    let caller = try await context.caller(request)
    var wish = GetBudgetRequest()
    wish.campaignId = request.parameter("id")
    return .json(try await limits.getBudget(wish, options: context.options(caller)).json)
  }
}
