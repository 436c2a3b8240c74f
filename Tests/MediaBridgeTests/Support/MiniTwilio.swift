import Configuration
import Core
import Crypto
import HTTP
import JSON
import Logging
import Metrics
import Synchronization

@testable import MediaBridge

/// A telephony provider in miniature: takes calls as told, reports on them when told, with real requests and signatures.
final class MiniTwilio: Sendable {
  /// What becomes of a request for a call.
  enum Behaviour: Sendable {
    case accept
    case refuse(status: Int, code: Int)
    /// The call is placed, the answer is an error.
    case acceptAndBreak
    /// The call is not placed, the answer is an error.
    case breakDown
  }

  struct Call: Sendable {
    var sid: String
    var form: [(String, String)]
    var status = "queued"

    func value(_ name: String) -> String { form.first { $0.0 == name }?.1 ?? "" }
  }

  private struct State {
    var calls: [String: Call] = [:]
    var behaviours: [Behaviour] = []
    var number = 0
    var isUnknown: Set<String> = []
  }

  static let account = "AC00000000000000000000000000000001"
  static let token = "12345678901234567890123456789012"
  /// Where the bridge is for the provider; connections go to its real port.
  static let publicURL = "https://bridge.example.com"

  let server: HTTPServer
  let client = HTTPClient()
  /// Changes of calls that were asked for: the call's id and the form.
  let updates = BoundedQueue<(sid: String, form: [(String, String)])>(capacity: 1_000)
  let clock: any BusinessClock
  private let shared: Shared

  /// What the server's handlers need.
  private final class Shared: Sendable {
    let state = Mutex(State())
  }

  init(clock: any BusinessClock) throws {
    self.clock = clock
    let shared = Shared()
    self.shared = shared
    var router = Router()
    let base = "/2010-04-01/Accounts/\(Self.account)"
    let updates = self.updates
    router.on(.post, "\(base)/Calls.json") { [clock] request in
      guard request.headers["Authorization"] == Self.authorization else { return .empty(.unauthorized) }
      return Self.place(try await request.form(), shared, clock.now())
    }
    router.on(.get, "\(base)/Calls.json") { [clock] request in
      let calls = shared.state.withLock { state in
        state.calls.values.filter { $0.value("To") == request.query["To"] }.sorted { $0.sid < $1.sid }
      }
      return .json(["calls": .array(calls.map { Self.json($0, clock.now()) })])
    }
    router.on(.get, "\(base)/Calls/{sid}") { [clock] request in
      let sid = String(request.parameter("sid").dropLast(5))
      let call = shared.state.withLock { $0.isUnknown.contains(sid) ? nil : $0.calls[sid] }
      guard let call else { return .json(["code": 20404, "status": 404], status: .notFound) }
      return .json(Self.json(call, clock.now()))
    }
    router.on(.post, "\(base)/Calls/{sid}") { [clock] request in
      let sid = String(request.parameter("sid").dropLast(5))
      guard let call = shared.state.withLock({ $0.calls[sid] }) else {
        return .json(["code": 20404, "status": 404], status: .notFound)
      }
      _ = updates.offer((sid, try await request.form()))
      return .json(Self.json(call, clock.now()))
    }
    server = HTTPServer(address: "http://127.0.0.1:0", router: router, logger: .discarding, metrics: MetricsRegistry())
    try server.listen()
  }

  var url: String { "http://127.0.0.1:\(server.port)" }

  /// What becomes of the next requests for a call, in order; then all are accepted.
  func will(_ behaviours: Behaviour...) {
    shared.state.withLock { $0.behaviours += behaviours }
  }

  var calls: [Call] { shared.state.withLock { $0.calls.values.sorted { $0.sid < $1.sid } } }

  func set(_ status: String, of sid: String) {
    shared.state.withLock { $0.calls[sid]?.status = status }
  }

  /// From now on the provider does not know the call.
  func forget(_ sid: String) {
    shared.state.withLock { _ = $0.isUnknown.insert(sid) }
  }

  private static func place(_ form: [(String, String)], _ shared: Shared, _ now: Instant) -> HTTPResponse {
    let (behaviour, call) = shared.state.withLock { state in
      let behaviour = state.behaviours.isEmpty ? .accept : state.behaviours.removeFirst()
      state.number += 1
      let digits = String(state.number)
      let call = Call(sid: "CA" + String(repeating: "0", count: 32 - digits.count) + digits, form: form)
      switch behaviour {
      case .accept, .acceptAndBreak: state.calls[call.sid] = call
      case .refuse, .breakDown: break
      }
      return (behaviour, call)
    }
    switch behaviour {
    case .accept: return .json(json(call, now), status: .created)
    case .refuse(let status, let code):
      var response = HTTPResponse.json(
        ["code": JSONValue(code), "status": JSONValue(status)], status: HTTPStatus(status))
      if status == 429 { response.headers["Retry-After"] = "7" }
      return response
    case .acceptAndBreak, .breakDown: return .json(["code": 20500, "status": 500], status: .internalServerError)
    }
  }

  private static func json(_ call: Call, _ now: Instant) -> JSONValue {
    [
      "sid": .string(call.sid), "status": .string(call.status), "to": .string(call.value("To")),
      "from": .string(call.value("From")), "date_created": .string(TwilioTime.format(now)), "duration": "12",
      "end_time": .string(TwilioTime.format(now)), "answered_by": nil,
    ]
  }

  private static let authorization = "Basic " + Base64.encode(Array("\(account):\(token)".utf8))

  // MARK: Reports

  /// Sends a form to one of the bridge's addresses as the provider would.
  ///
  /// - Parameter signed: False leaves the signature out.
  func post(
    _ url: String, _ form: [(String, String)], to bridge: Int, signed: Bool = true
  ) async throws -> HTTPClientResponse {
    let path = url.dropFirst(Self.publicURL.count)
    var request = HTTPClientRequest.form(url: "http://127.0.0.1:\(bridge)\(path)", form)
    if signed { request.headers["X-Twilio-Signature"] = Self.signature(url, form) }
    return try await client.send(request)
  }

  static func signature(_ url: String, _ form: [(String, String)]) -> String {
    Base64.encode(TwilioSignature.signature(url: url, form: form, key: Secret(token), algorithm: .sha1))
  }

  /// A status callback.
  @discardableResult
  func report(
    _ status: String, of call: Call, sequence: Int, duration: Int? = nil, sip: Int? = nil, to bridge: Int
  ) async throws -> HTTPStatus {
    var form = [
      ("CallSid", call.sid), ("AccountSid", Self.account), ("CallStatus", status), ("SequenceNumber", String(sequence)),
      ("To", call.value("To")), ("From", call.value("From")),
    ]
    if let duration { form.append(("CallDuration", String(duration))) }
    if let sip { form.append(("SipResponseCode", String(sip))) }
    return try await post(call.value("StatusCallback"), form, to: bridge).status
  }

  /// The call is answered: asks what to do with it.
  func answer(_ call: Call, at bridge: Int) async throws -> String {
    let form = [("CallSid", call.sid), ("CallStatus", "in-progress")]
    return String(decoding: try await post(call.value("Url"), form, to: bridge).body, as: UTF8.self)
  }

  /// Opens the stream that the bridge's instructions name.
  func stream(_ call: Call, instructions: String, to bridge: Int) async throws -> MiniStream {
    guard let start = instructions.firstRange(of: "<Stream url=\""),
      let end = instructions[start.upperBound...].firstIndex(of: "\"")
    else { throw ProviderError(message: "no stream in \(instructions)") }
    let url = String(instructions[start.upperBound..<end])
    return try await stream(call, url: url, signature: Self.signature(url, []), to: bridge)
  }

  func stream(_ call: Call, url: String, signature: String, to bridge: Int) async throws -> MiniStream {
    let path = url.dropFirst("wss://bridge.example.com".count)
    let socket = try await WebSocketClient.connect(
      url: "ws://127.0.0.1:\(bridge)\(path)", headers: ["X-Twilio-Signature": signature])
    return try await MiniStream(socket, call: call.sid, account: Self.account)
  }
}

/// The provider's end of a media stream.
final class MiniStream: Sendable {
  let socket: WebSocket
  private let time = Mutex(0)

  init(_ socket: WebSocket, call: String, account: String) async throws {
    self.socket = socket
    try await socket.send(text: #"{"event":"connected","protocol":"Call","version":"1.0.0"}"#)
    try await socket.send(
      text:
        #"{"event":"start","sequenceNumber":"1","streamSid":"MZ1","start":{"streamSid":"MZ1","accountSid":"\#(account)","#
        + #""callSid":"\#(call)","tracks":["inbound"],"customParameters":{},"mediaFormat":{"encoding":"audio/x-mulaw","#
        + #""sampleRate":8000,"channels":1}}}"#)
  }

  /// The person's voice, or their silence: frames of 20 ms.
  func speak(frames: Int) async throws {
    let payload = Base64.encode([UInt8](repeating: 0xFF, count: 160))
    for _ in 0..<frames {
      let now = time.withLock { time in
        defer { time += 20 }
        return time
      }
      try await socket.send(
        text: #"{"event":"media","streamSid":"MZ1","media":{"track":"inbound","chunk":"1","timestamp":"\#(now)","#
          + #""payload":"\#(payload)"}}"#)
    }
  }

  /// The next message from the bridge; nil when it closed the stream.
  func next() async throws -> JSONValue? {
    guard case .text(let bytes)? = try await socket.receive() else { return nil }
    return try JSONValue.parse(bytes)
  }

  /// The next message of a kind; others are passed over.
  func next(_ event: String) async throws -> JSONValue? {
    while let message = try await next() {
      if message["event"]?.stringValue == event { return message }
    }
    return nil
  }

  /// A mark was played.
  func reach(_ mark: JSONValue) async throws {
    try await socket.send(
      text: JSONValue.object(["event": "mark", "streamSid": "MZ1", "mark": mark["mark"] ?? .null]).serialize())
  }

  func stop() async throws {
    try await socket.send(text: #"{"event":"stop","streamSid":"MZ1","stop":{}}"#)
    await socket.close()
  }
}
