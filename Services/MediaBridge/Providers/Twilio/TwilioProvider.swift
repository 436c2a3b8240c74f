import Configuration
import Core
import HTTP
import JSON
import Logging

/// Twilio's REST interface (protocol reference 1.1 and 1.2).
struct TwilioProvider: TelephonyProvider {
  struct Settings: Sendable {
    /// Without a slash at the end; `https://api.twilio.com`, a region's host, or a stand-in.
    var baseURL: String
    /// `AC…`
    var accountID: String
    var authToken: Secret
  }

  let name = "twilio"
  private let settings: Settings
  let addresses: BridgeAddresses
  private let client: HTTPClient
  private let logger: Logger

  private static let listSize = 100

  init(settings: Settings, addresses: BridgeAddresses, client: HTTPClient, logger: Logger) {
    self.settings = settings
    self.addresses = addresses
    self.client = client
    self.logger = logger
  }

  func place(_ order: CallOrder) async -> PlacementAnswer {
    do {
      let pairs = TwilioCallForm.pairs(order, addresses: addresses.callbacks(of: order.call))
      let response = try await post("Calls.json", pairs)
      if response.status.isSuccess {
        guard let call = (try? response.json()).flatMap(TwilioCallResource.parse) else {
          return .unsure(reason: "the answer holds no call")
        }
        return .accepted(call.report.id)
      }
      let error = TwilioError(status: response.status.code, body: try? response.json())
      let code = String(error.code)
      switch error.action {
      case .giveUp, .alreadyOver: return .refused(code: code)
      case .alarm:
        logger.error("the provider refuses all calls; see to the account", [LogField("code", error.code)])
        return .refused(code: code)
      case .later: return .later(code: code)
      case .throttled: return .throttled(code: code, after: Self.retryAfter(response))
      case .unsure: return .unsure(reason: code)
      }
    } catch let error as HTTPClientError where !error.requestMayHaveBeenSent {
      return .later(code: "unreachable")
    } catch {
      return .unsure(reason: "\(error)")
    }
  }

  /// When it may be asked again, by its own word; within limits, since the header comes from outside.
  private static func retryAfter(_ response: HTTPClientResponse) -> Duration {
    .seconds(min(max(response.headers["Retry-After"].flatMap { Int($0) } ?? 1, 1), 300))
  }

  func hangUp(_ id: ProviderCallID) async -> ChangeAnswer {
    await change(id, [("Status", "completed")])
  }

  func update(_ id: ProviderCallID, saying message: String) async -> ChangeAnswer {
    await change(id, [("Twiml", TwiML.say(message))])
  }

  func lookUp(_ id: ProviderCallID) async throws -> ProviderReport? {
    let response = try await get("Calls/\(id).json")
    if response.status.isSuccess {
      guard let call = TwilioCallResource.parse(try response.json()) else {
        throw ProviderError(message: "the provider's answer holds no call")
      }
      return call.report
    }
    let error = TwilioError(status: response.status.code, body: try? response.json())
    guard error.action != .alreadyOver else { return nil }
    throw ProviderError(message: "the provider answered \(response.status.code), code \(error.code)")
  }

  /// Filters by creation are left to the caller: a call that waits at the provider has no start to filter by.
  func find(to: String, from: String) async throws -> [ListedCall] {
    let query = FormEncoding.encode([("To", to), ("From", from), ("PageSize", String(Self.listSize))])
    let response = try await get("Calls.json?\(query)")
    guard response.status.isSuccess else {
      throw ProviderError(message: "the provider answered \(response.status.code)")
    }
    return TwilioCallResource.parseList(try response.json())
  }

  private func change(_ id: ProviderCallID, _ pairs: [(String, String)]) async -> ChangeAnswer {
    do {
      let response = try await post("Calls/\(id).json", pairs)
      if response.status.isSuccess { return .done }
      let error = TwilioError(status: response.status.code, body: try? response.json())
      return error.action == .alreadyOver ? .alreadyOver : .tryAgain(reason: String(error.code))
    } catch {
      return .tryAgain(reason: "\(error)")
    }
  }

  func post(_ path: String, _ pairs: [(String, String)]) async throws -> HTTPClientResponse {
    var request = HTTPClientRequest.form(url: url(path), pairs)
    request.basicAuthentication = authentication
    request.timeout = CallUpkeep.requestLimit
    return try await client.send(request)
  }

  func get(_ path: String) async throws -> HTTPClientResponse {
    try await client.send(
      HTTPClientRequest(url: url(path), timeout: CallUpkeep.requestLimit, basicAuthentication: authentication))
  }

  func delete(_ path: String) async throws -> HTTPClientResponse {
    try await client.send(
      HTTPClientRequest(
        method: .delete, url: url(path), timeout: CallUpkeep.requestLimit, basicAuthentication: authentication))
  }

  private func url(_ path: String) -> String {
    "\(settings.baseURL)/2010-04-01/Accounts/\(settings.accountID)/\(path)"
  }

  private var authentication: HTTPClientRequest.BasicAuthentication {
    .init(user: settings.accountID, password: settings.authToken.value)
  }
}
