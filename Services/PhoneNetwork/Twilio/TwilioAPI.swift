import Core
import Crypto
import HTTP
import JSON

/// Twilio's REST API for calls: create, fetch, list, update.
struct TwilioAPI: Sendable {
  private static let root = "/2010-04-01/Accounts/{account}"
  private static let bodyLimit = 64 * 1024

  let switchboard: Switchboard

  private var account: Account { switchboard.network.account }

  func register(on router: inout Router) {
    router.on(.post, "\(Self.root)/Calls.json", bodyBytes: Self.bodyLimit) { request in
      await answer(request) { (form) throws(TwilioError) in
        .json(try switchboard.create(CreateCall(form)).resource, status: .created)
      }
    }
    router.on(.get, "\(Self.root)/Calls.json") { request in
      await answer(request) { (_) throws(TwilioError) in try list(request) }
    }
    router.on(.get, "\(Self.root)/Calls/{call}") { request in
      await answer(request) { (_) throws(TwilioError) in
        guard let call = switchboard.call(try sid(request)) else { throw .notFound(request.path) }
        return .json(call.record.resource)
      }
    }
    router.on(.post, "\(Self.root)/Calls/{call}", bodyBytes: Self.bodyLimit) { request in
      await answer(request) { (form) throws(TwilioError) in
        .json(try switchboard.update(try sid(request), try UpdateCall(form)).resource)
      }
    }
  }

  /// Checks who asks, reads the form of a POST, and turns refusals into Twilio's error bodies.
  func answer(
    _ request: HTTPRequest, _ body: ([(String, String)]) throws(TwilioError) -> HTTPResponse
  ) async -> HTTPResponse {
    do {
      try authenticate(request)
      var form: [(String, String)] = []
      if request.method == .post { form = try await request.form() }
      guard let number = number(request, form), let mishap = switchboard.network.mischief.next(.request, about: number)
      else { return try body(form) }
      let arrival = switchboard.network.clock.now()
      if let instead = await mishap.before() { return instead }
      let response = try body(form)
      if request.method == .post { switchboard.note(mishap, of: number, arrival: arrival) }
      return await mishap.after(response)
    } catch let error as TwilioError {
      return error.response
    } catch let error as HTTPError {
      return error.response
    } catch {
      return TwilioError(code: 20001, status: 400, message: "The request cannot be read").response
    }
  }

  /// HTTP Basic with the account's SID and token, which stand for themselves in the path too.
  private func authenticate(_ request: HTTPRequest) throws(TwilioError) {
    let header = request.headers["authorization"] ?? ""
    let expected = Array("\(account.sid):\(account.token.value)".utf8)
    guard header.lowercased().hasPrefix("basic "),
      let given = Base64.decode(String(header.dropFirst(6).drop { $0 == " " })), constantTimeEqual(given, expected)
    else { throw .authenticate }
    guard request.parameter("account") == account.sid else { throw .notFound(request.path) }
  }

  /// The number that a request is about; nil when it is about no call.
  private func number(_ request: HTTPRequest, _ form: [(String, String)]) -> String? {
    let name = request.path.split(separator: "/").last ?? ""
    if let call = switchboard.call(String(name.dropLast(5))) { return call.number }
    return name == "Calls.json" ? FormFields(form)["To"] ?? request.query["To"] : nil
  }

  private func sid(_ request: HTTPRequest) throws(TwilioError) -> String {
    let name = request.parameter("call")
    guard name.hasSuffix(".json") else { throw .notFound(request.path) }
    return String(name.dropLast(5))
  }

  /// Newest first, as Twilio lists calls.
  private func list(_ request: HTTPRequest) throws(TwilioError) -> HTTPResponse {
    let filter = try CallFilter(FormFields(Array(request.query)))
    let calls = filter.to.map { switchboard.calls(to: $0).calls } ?? switchboard.calls(from: 0, limit: .max)
    let records = calls.lazy.map(\.record).filter(filter.contains)
    let start = filter.page * filter.pageSize
    let shown = Array(records.reversed().dropFirst(start).prefix(filter.pageSize + 1))
    let hasMore = shown.count > filter.pageSize
    let base = "/2010-04-01/Accounts/\(account.sid)/Calls.json"
    func uri(_ page: Int) -> JSONValue {
      let pairs = request.query.filter { !["Page", "PageSize", "PageToken"].contains($0.0) }
      return .string(
        base + "?" + FormEncoding.encode(pairs + [("PageSize", String(filter.pageSize)), ("Page", String(page))]))
    }
    let resources = shown.prefix(filter.pageSize).map(\.resource)
    return .json([
      "calls": .array(Array(resources)), "page": JSONValue(filter.page), "page_size": JSONValue(filter.pageSize),
      "start": JSONValue(start), "end": JSONValue(start + max(0, resources.count - 1)), "uri": uri(filter.page),
      "first_page_uri": uri(0), "next_page_uri": hasMore ? uri(filter.page + 1) : nil,
      "previous_page_uri": filter.page > 0 ? uri(filter.page - 1) : nil,
    ])
  }
}
