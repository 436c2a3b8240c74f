import Core
import Crypto
import HTTP
import JSON
import RPC
import RingmasterMessages
import RingmasterServices
import Synchronization
import Wire

/// Takes every call; streams audio for each, evenly spread over the 20 ms.
final class Provider: Sendable {
  static let account = "AC00000000000000000000000000000001"
  static let token = "12345678901234567890123456789012"
  /// Groups of streams that are sent to in turn within 20 ms.
  private static let groups = 10

  let latency = Latency()
  private let bridge: String
  private let calls = Mutex<[(sid: String, call: String)]>([])
  private let sockets = Mutex<[WebSocket]>([])

  init(bridge: String) {
    self.bridge = bridge
  }

  func register(on router: inout Router) {
    router.on(.post, "/2010-04-01/Accounts/\(Self.account)/Calls.json") { [self] request in
      let form = try await request.form()
      let call = form.first { $0.0 == "StatusCallback" }?.1.split(separator: "/").last ?? ""
      let sid = calls.withLock { calls in
        let sid = "CA" + Hex.encode(UniqueID.random().bytes)
        calls.append((sid, String(call)))
        return sid
      }
      return .json(["sid": .string(sid), "status": "queued"], status: .created)
    }
    router.on(.post, "/2010-04-01/Accounts/\(Self.account)/Calls/{sid}") { request in
      .json(["sid": .string(String(request.parameter("sid").dropLast(5))), "status": "completed"])
    }
  }

  func place(_ number: Int, through client: RPCClient) async throws {
    let now = Instant.wallClock()
    let permit = DialPermit(
      callId: CallID.random().description, campaignId: CampaignID.random().description,
      leadId: LeadID.random().description, attemptNumber: 1, to: "+1\(2_125_550_000 + number)", from: "+15005550006",
      grantedAt: Timestamp(now), expiresAt: Timestamp(now + .seconds(120)), policyVersion: 1, evidence: [])
    let brief = CallBrief(callId: permit.callId, instructions: "Talk.", greeting: "Hello.", voicemailScript: "")
    _ = try await MediaServiceClient(client).placeCall(
      PlaceCallRequest(
        permit: permit, brief: brief, provider: "twilio", maxDuration: ProtobufDuration(.minutes(30)),
        leaveVoicemail: false),
      options: CallOptions(deadline: .seconds(15), tenant: TenantID.standard.description, actor: "load"))
  }

  /// Answers every call: a task listens on each stream until the process ends.
  func connect() async throws {
    for (sid, call) in calls.withLock({ $0 }) {
      let url = "ws\(bridge.dropFirst(4))/twilio/stream/\(call)"
      let signature = Base64.encode(HMAC.sha1(key: Array(Self.token.utf8), data: Array(url.utf8)))
      let socket = try await WebSocketClient.connect(url: url, headers: ["X-Twilio-Signature": signature])
      try await socket.send(
        text: #"{"event":"start","streamSid":"\#(sid)","start":{"streamSid":"\#(sid)","accountSid":"\#(Self.account)","#
          + #""callSid":"\#(sid)","mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1}}}"#)
      sockets.withLock { $0.append(socket) }
    }
  }

  /// Sends every stream a frame each 20 ms and takes what comes back.
  func talk(for duration: Duration) async throws {
    let sockets = sockets.withLock { $0 }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for socket in sockets { group.addTask { [self] in try? await listen(socket) } }
      group.addTask { [self] in try? await report() }
      let start = ContinuousClock.now
      var tick = 0
      while start.duration(to: .now) < duration {
        let timestamp = tick / Self.groups * 20
        for index in stride(from: tick % Self.groups, to: sockets.count, by: Self.groups) {
          try await sockets[index].send(
            text:
              #"{"event":"media","sequenceNumber":"\#(tick)","streamSid":"MZ","media":{"track":"inbound","chunk":"1","#
              + #""timestamp":"\#(timestamp)","payload":"\#(Base64.encode(latency.frame()))"}}"#)
        }
        tick += 1
        try await Task.sleep(until: start + .milliseconds(tick * 20 / Self.groups))
      }
      group.cancelAll()
    }
  }

  /// Fifty signed status callbacks a second, each stored before it is answered.
  private func report() async throws {
    let client = HTTPClient()
    let calls = calls.withLock { $0 }
    for number in 0... {
      let (sid, call) = calls[number % calls.count]
      let form = [
        ("CallSid", sid), ("AccountSid", Self.account), ("CallStatus", "in-progress"),
        ("SequenceNumber", String(100 + number)), ("To", "+12125550000"), ("From", "+15005550006"),
      ]
      let url = "\(bridge)/twilio/status/\(call)"
      let text = url + form.sorted { $0.0 < $1.0 }.map { $0.0 + $0.1 }.joined()
      var request = HTTPClientRequest.form(url: url, form)
      request.headers["X-Twilio-Signature"] = Base64.encode(
        HMAC.sha1(key: Array(Self.token.utf8), data: Array(text.utf8)))
      let start = ContinuousClock.now
      if try await client.send(request).status.isSuccess { latency.acknowledged(start.duration(to: .now)) }
      try await Task.sleep(for: .milliseconds(20))
    }
  }

  private func listen(_ socket: WebSocket) async throws {
    while case .text(let bytes)? = try await socket.receive() {
      // `{"event":"media","streamSid":"…34…","media":{"payload":"…`; anything else is a mark, played at once.
      if bytes.count > 200, let start = bytes.firstRange(of: Array(#""payload":""#.utf8)) {
        latency.arrived(bytes[start.upperBound...], isBack: true)
      } else {
        try await socket.send(text: bytes)
      }
    }
  }
}
