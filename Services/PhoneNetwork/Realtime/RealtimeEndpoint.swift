import Configuration
import Core
import Crypto
import HTTP
import JSON
import Logging
import Metrics
import Synchronization

/// `GET /v1/realtime?model=…`: the WebSocket of the OpenAI Realtime API.
struct RealtimeEndpoint: Sendable {
  let clock: any BusinessClock
  let pacer: Pacer
  let key: Secret
  let latency: RelayLatency
  let sids: SidSource
  let mischief: Mischief
  let sessions: Gauge

  func register(on router: inout Router) {
    router.webSocket(
      "/v1/realtime", accept: { refusal($0) },
      handler: { socket, request in
        sessions.add(1)
        defer { sessions.add(-1) }
        let session = RealtimeSession(
          id: String(sids.next("").prefix(16)), model: request.query["model"] ?? "")
        try await RealtimeConnection(session, clock: clock, pacer: pacer, latency: latency, mischief: mischief)
          .run(socket)
      })
  }

  private func refusal(_ request: HTTPRequest) -> HTTPResponse? {
    let authorization = Array((request.headers["authorization"] ?? "").utf8)
    guard constantTimeEqual(authorization, Array("Bearer \(key.value)".utf8)) else {
      return Self.error(.unauthorized, "invalid_api_key", "Incorrect API key provided.")
    }
    guard request.headers["openai-beta"] == nil else {
      return Self.error(
        .badRequest, "beta_api_shape_disabled",
        "The beta shape of the Realtime API was removed. Drop the OpenAI-Beta header.")
    }
    guard let model = request.query["model"], !model.isEmpty else {
      return Self.error(.badRequest, "missing_model", "You must provide a model parameter.")
    }
    return nil
  }

  private static func error(_ status: HTTPStatus, _ code: String, _ message: String) -> HTTPResponse {
    .json(
      [
        "error": [
          "type": "invalid_request_error", "code": .string(code), "message": .string(message), "param": nil,
        ]
      ], status: status)
  }
}

/// One session on its socket.
final class RealtimeConnection: Paced {
  private struct State {
    var session: RealtimeSession
    /// The pacer calls for a response that is being made.
    var isPaced = false
  }

  private let state: Mutex<State>
  private let outbox = Outbox()
  private let clock: any BusinessClock
  private let pacer: Pacer
  private let latency: RelayLatency
  private let mischief: Mischief

  init(
    _ session: RealtimeSession, clock: any BusinessClock, pacer: Pacer, latency: RelayLatency, mischief: Mischief
  ) {
    state = Mutex(State(session: session))
    self.clock = clock
    self.pacer = pacer
    self.latency = latency
    self.mischief = mischief
  }

  /// Serves the socket until the client closes it, or the engine does.
  func run(_ socket: WebSocket) async throws {
    defer { outbox.close() }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { [outbox] in
        try await outbox.send(to: socket)
        // Only a client that reads nothing while it asks for more comes here with the socket still open.
        await socket.close(code: .policyViolation, reason: "The client does not read.")
      }
      outbox.put(state.withLock { $0.session.takeEvents() })
      var messagesLeft: Int?
      while let message = try await socket.receive() {
        guard case .text(let text) = message else {
          await socket.close(code: .unsupportedData, reason: "Events are text.")
          break
        }
        receive(text)
        // A session is known by what it is told first: its instructions.
        if messagesLeft == nil {
          messagesLeft = mischief.next(.session, about: String(decoding: text, as: UTF8.self))?.messages ?? .max
        }
        messagesLeft = messagesLeft.map { $0 - 1 }
        if messagesLeft == 0 { break }
      }
      group.cancelAll()
    }
  }

  private func receive(_ text: [UInt8]) {
    let now = clock.now()
    let (events, words, mustPace) = state.withLock { state in
      state.session.receive(text, at: now)
      let mustPace = state.session.nextDue != nil && !state.isPaced
      if mustPace { state.isPaced = true }
      return (state.session.takeEvents(), state.session.takeStartedWords(), mustPace)
    }
    outbox.put(events)
    for word in words { latency.arrived(word) }
    if mustPace { pacer.add(self) }
  }

  /// Puts out what is due of the running response.
  func pace(audioTime: Duration, now: Instant) -> Bool {
    let (events, goesOn) = state.withLock { state in
      state.session.advance(to: now)
      state.isPaced = state.session.nextDue != nil
      return (state.session.takeEvents(), state.isPaced)
    }
    outbox.put(events)
    return goesOn
  }
}
