import Core
import HTTP
import JSON
import RPC
import RingmasterServices
import Wire

/// What every REST handler has: the services, and the way in.
///
/// Bodies are the messages of `Protos/ringmaster/v1` in proto3's JSON mapping, so REST, RPC and the command line show
/// one and the same thing.
struct RESTContext: Sendable {
  let keys: KeyStore
  let campaigns: CampaignServiceClient
  let outcomes: OutcomeServiceClient
  let dialer: DialerServiceClient
  let followUp: FollowUpServiceClient
  let webhooks: WebhookServiceClient
  let notifications: NotificationServiceClient

  /// Largest body of a request that is not an upload.
  private static let largestBody = 1 << 20

  /// Who asks, by "Authorization: Bearer KEY".
  ///
  /// - Throws: 401.
  func caller(_ request: HTTPRequest) async throws -> KeyHolder {
    guard let header = request.headers["Authorization"] else {
      throw unauthorized("no API key was sent; send the header \"Authorization: Bearer KEY\"")
    }
    let parts = header.split(separator: " ", maxSplits: 1)
    guard parts.count == 2, parts[0].lowercased() == "bearer" else {
      throw unauthorized("the Authorization header is not \"Bearer KEY\"")
    }
    guard let holder = try await keys.holder(of: String(parts[1])) else {
      throw unauthorized("the API key is not known; check RINGMASTER_API_KEY")
    }
    return holder
  }

  private func unauthorized(_ detail: String) -> HTTPError {
    HTTPError(.unauthorized, detail, headers: ["WWW-Authenticate": "Bearer"])
  }

  /// Options of a call on behalf of a caller.
  func options(_ caller: KeyHolder, deadline: Duration = .seconds(10)) -> CallOptions {
    CallOptions(deadline: deadline, tenant: caller.tenant.description, actor: "api:\(caller.name)")
  }

  /// The body of a request as a message; an empty body is an empty message.
  func message<Message: WireMessage>(_ type: Message.Type, from request: HTTPRequest) async throws -> Message {
    let bytes = try await request.body.collect(upTo: Self.largestBody)
    if bytes.isEmpty { return Message() }
    do {
      return try Message(json: JSONValue.parse(bytes))
    } catch let error as JSONError {
      throw HTTPError.badRequest("the body is no JSON: \(error)")
    } catch let error as WireJSONError {
      throw HTTPError.badRequest(error.description)
    }
  }

  /// A number in the query; nil when it is not there.
  static func integer(_ name: String, in request: HTTPRequest) throws -> Int32? {
    guard let text = request.query[name] else { return nil }
    guard let value = Int32(text) else { throw HTTPError.badRequest("\(name): \"\(text)\" is no whole number") }
    return value
  }

  /// A time in the query (RFC 3339); nil when it is not there.
  static func instant(_ name: String, in request: HTTPRequest) throws -> Instant? {
    guard let text = request.query[name] else { return nil }
    guard let instant = Instant(rfc3339: text) else {
      throw HTTPError.badRequest("\(name): \"\(text)\" is no time, such as 2026-03-02T15:00:00Z")
    }
    return instant
  }
}

/// Runs a handler; what a service answers with becomes the status and problem that HTTP has for it.
func relayed(_ body: () async throws -> HTTPResponse) async throws -> HTTPResponse {
  do {
    return try await body()
  } catch let error as RPCError {
    throw HTTPError(error)
  }
}

extension HTTPError {
  init(_ error: RPCError) {
    let status: HTTPStatus =
      switch error.code {
      case .invalidArgument, .outOfRange: .badRequest
      case .unauthenticated: .unauthorized
      case .permissionDenied: .forbidden
      case .notFound: .notFound
      case .failedPrecondition, .aborted, .alreadyExists: .conflict
      case .resourceExhausted: .tooManyRequests
      case .unimplemented: .notImplemented
      case .unavailable: .serviceUnavailable
      case .deadlineExceeded: .gatewayTimeout
      default: .internalServerError
      }
    self.init(status, error.message)
  }
}
