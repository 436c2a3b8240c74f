import Core
import HTTP
import Logging

/// Where Twilio calls the bridge: progress of calls, instructions for answered ones, verdicts on who answered, and media
/// streams. Nothing happens before the signature is checked, and callbacks are stored before they are answered.
struct TwilioRoutes: Sendable {
  let control: CallControl
  let calls: LiveCalls
  let signature: TwilioSignature
  let addresses: BridgeAddresses
  let accountID: String
  let logger: Logger

  /// Twilio's callbacks have some twenty short parameters.
  static let bodyLimit = 32 * 1024
  /// From the opening of a stream's socket to the message that names its call.
  private static let startLimit = Duration.seconds(10)
  /// Messages of any kind before that.
  private static let messagesBeforeStart = 8

  func add(to router: inout Router) {
    router.on(.post, "\(BridgeAddresses.statusPath)/{call}", bodyBytes: Self.bodyLimit) { request in
      try await timed(.status, request) { _, _ in .empty(.noContent) }
    }
    router.on(.post, "\(BridgeAddresses.machinePath)/{call}", bodyBytes: Self.bodyLimit) { request in
      try await timed(.machineDetection, request) { _, _ in .empty(.noContent) }
    }
    router.on(.post, "\(BridgeAddresses.voicePath)/{call}", bodyBytes: Self.bodyLimit) { request in
      try await timed(.voice, request) { applied, id in instructions(for: applied, id) }
    }
    router.on(.post, BridgeAddresses.inboundPath, bodyBytes: Self.bodyLimit) { request in try await inbound(request) }
    router.webSocket("\(BridgeAddresses.streamPath)/{call}", accept: accept, handler: stream)
  }

  /// Calls to the account's numbers: they are for calling out, and nobody is here to answer.
  private func inbound(_ request: HTTPRequest) async throws -> HTTPResponse {
    let body = try await request.body.collect(upTo: Self.bodyLimit)
    guard signature.isValid(request, base: addresses.publicURL, form: FormEncoding.decode(body), body: body) else {
      throw HTTPError(.forbidden, "The signature is missing or wrong.")
    }
    return .text(TwiML.reject, contentType: TwiML.contentType)
  }

  // MARK: Callbacks

  private func timed(
    _ kind: TwilioCallback.Kind, _ request: HTTPRequest, _ answer: (Applied, ProviderCallID) -> HTTPResponse
  ) async throws -> HTTPResponse {
    let start = ContinuousClock.now
    defer { control.metrics.webhookTime.observe(start.duration(to: .now), kind.rawValue) }
    return try await take(kind, request, answer)
  }

  /// Checks a callback, stores it with what it changes, and answers.
  private func take(
    _ kind: TwilioCallback.Kind, _ request: HTTPRequest, _ answer: (Applied, ProviderCallID) -> HTTPResponse
  ) async throws -> HTTPResponse {
    func refused(_ result: String, _ error: HTTPError) -> HTTPError {
      control.metrics.webhooks.increment(kind.rawValue, result)
      return error
    }
    let body = try await request.body.collect(upTo: Self.bodyLimit)
    guard request.mediaType == "application/x-www-form-urlencoded" else {
      throw refused("invalid", HTTPError(.unsupportedMediaType, "Callbacks are forms."))
    }
    let form = FormEncoding.decode(body)
    guard signature.isValid(request, base: addresses.publicURL, form: form, body: body) else {
      logger.warning("a callback without a valid signature was refused", [LogField("kind", kind.rawValue)])
      throw refused("unsigned", HTTPError(.forbidden, "The signature is missing or wrong."))
    }
    guard let call = CallID(request.parameter("call")) else {
      throw refused("unknown", .notFound("There is no such call."))
    }
    guard let callback = TwilioCallback(kind, TwilioParameters(form)) else {
      throw refused("invalid", .badRequest("The parameters are not those of a callback."))
    }
    let webhook = StoredWebhook(
      kind: kind, sequence: callback.sequence, body: Self.storable(body))
    guard let applied = try await control.report(callback.report, of: call, webhook: webhook) else {
      throw refused("unknown", .notFound("There is no such call."))
    }
    control.metrics.webhooks.increment(kind.rawValue, applied.isDuplicate ? "duplicate" : "stored")
    if applied.call.record.state.isTerminal { calls.release(call) }
    return answer(applied, callback.id)
  }

  /// A form's own characters are ASCII; whatever else was sent is kept in a form that text columns take.
  private static func storable(_ body: [UInt8]) -> String {
    String(decoding: body.filter { $0 != 0 }, as: UTF8.self)
  }

  /// What Twilio is to do with a call that was answered.
  private func instructions(for applied: Applied, _ id: ProviderCallID) -> HTTPResponse {
    let record = applied.call.record
    let isOurs = record.providerCallID == id && !record.state.isTerminal
    guard isOurs else { return .text(TwiML.hangUp, contentType: TwiML.contentType) }
    let base = applied.streamURL ?? addresses.streamURL
    let url = BridgeAddresses.stream(of: applied.call.call, base: base)
    return .text(TwiML.connect(stream: url), contentType: TwiML.contentType)
  }

  // MARK: Streams

  /// Refuses what is not signed. Twilio is told an instance's own address or the shared one.
  private func accept(_ request: HTTPRequest) -> HTTPResponse? {
    let isSigned = [addresses.streamURL, addresses.publicURL].contains { base in
      let socketBase = base.hasPrefix("http") ? "ws" + base.dropFirst(4) : base
      return signature.isValid(request, base: socketBase, form: [], body: [])
    }
    guard isSigned else {
      logger.warning("a stream without a valid signature was refused")
      return .problem(.forbidden, detail: "The signature is missing or wrong.")
    }
    return CallID(request.parameter("call")) == nil ? .problem(.notFound, detail: "There is no such call.") : nil
  }

  private func stream(_ socket: WebSocket, _ request: HTTPRequest) async throws {
    guard let call = CallID(request.parameter("call")), let start = try await start(of: socket),
      let (live, stream) = try await begin(call, start, socket)
    else {
      await socket.close(code: .policyViolation, reason: "not a stream of a call that is on")
      return
    }
    await live.converse(over: stream)
    calls.remove(call)
    // The call ends with the socket, if it has not ended already.
    await socket.close()
  }

  /// The message that names the stream's call.
  private func start(of socket: WebSocket) async throws -> TwilioStreamMessage.Start? {
    try await withThrowingTaskGroup(of: TwilioStreamMessage.Start?.self) { group in
      group.addTask {
        for _ in 0..<Self.messagesBeforeStart {
          guard case .text(let bytes)? = try await socket.receive() else { return nil }
          switch TwilioStreamMessage.parse(bytes) {
          case .start(let start)?: return start
          case .connected?, .ignored?: continue
          case .media?, .mark?, .stop?, nil: return nil
          }
        }
        return nil
      }
      group.addTask {
        try await Task.sleep(for: Self.startLimit)
        return nil
      }
      defer { group.cancelAll() }
      return try await group.next() ?? nil
    }
  }

  /// Takes the stream for the call's conversation, if there is to be one.
  private func begin(
    _ call: CallID, _ start: TwilioStreamMessage.Start, _ socket: WebSocket
  ) async throws -> (LiveCall, CarrierStream)? {
    guard start.accountID == accountID, start.isSupported else { return nil }
    guard let picked = try await control.report(.pickedUp(start.callID), of: call),
      picked.call.record.providerCallID == start.callID,
      let script = try await control.store.script(of: call, tenant: picked.call.tenant),
      let applied = try await control.report(.sessionOpened, of: call, owner: control.store.instance),
      applied.effects.contains(.sessionBegan)
    else { return nil }
    let live = calls.open(applied.call, script: script)
    let stream = CarrierStream(socket: socket, streamID: start.streamID)
    guard live.attach(stream) else {
      control.reportLater(.sessionClosed, of: call)
      return nil
    }
    return (live, stream)
  }
}
