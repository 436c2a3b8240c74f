import Core
import HTTP
import JSON
import Testing

@testable import PhoneNetwork

@Suite struct MisbehaviorTests {
  private static let form = [
    ("To", "+12125550100"), ("From", "+15005550006"), ("Twiml", "<Response><Pause length=\"1\"/></Response>"),
  ]

  // MARK: Decisions

  @Test func sharesAreReadInPercent() throws {
    #expect(try #require(Misbehavior("")).isNone)
    #expect(try #require(Misbehavior("slow=0")).isNone)
    #expect(try #require(Misbehavior("slow=0.5, callback_lost=100")).isNone == false)
    for text in ["slow", "slow=", "slow=101", "slow=-1", "lazy=1", "throttled=60,slow=41"] {
      #expect(Misbehavior(text) == nil, "\(text)")
    }
  }

  @Test(arguments: UInt64(1)...20) func whatGoesWrongFollowsFromTheSeedAndTheSubject(seed: UInt64) throws {
    let misbehavior = try #require(Misbehavior("throttled=10,closed_after=15,callback_late=30,stream_cut=5"))
    let (alone, crowded) = (Mischief(seed: seed, misbehavior), Mischief(seed: seed, misbehavior))
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<200 {
      for other in 0..<Int.random(in: 0...3, using: &generator) { _ = crowded.next(.request, about: "other \(other)") }
      for occasion in [Misbehavior.Occasion.request, .callback, .stream, .session] {
        let mishap = alone.next(occasion, about: "+12125550100")
        #expect(mishap == crowded.next(occasion, about: "+12125550100"))
        if let mishap { #expect(occasion.kinds.contains(mishap.kind)) }
      }
    }
    #expect(alone.counts.keys.allSatisfy { misbehavior.fault(on: .session, Choice(seed: seed, number: "")) != $0 })
  }

  @Test func sharesHold() throws {
    let mischief = Mischief(seed: 1, try #require(Misbehavior("throttled=10,slow=20,callback_lost=50")))
    for subject in 0..<10_000 {
      _ = mischief.next(.request, about: "\(subject)")
      _ = mischief.next(.callback, about: "\(subject)")
    }
    // Five deviations.
    for (kind, count) in [(Misbehavior.Kind.throttled, 1_000), (.slow, 2_000), (.callbackLost, 5_000)] {
      #expect(abs((mischief.counts[kind] ?? 0) - count) < 250, "\(kind)")
    }
    #expect(mischief.counts.count == 3)
  }

  // MARK: Requests

  @Test(arguments: ["error_before", "throttled", "closed_before"]) func whatIsRefusedIsNotDone(kind: String)
    async throws
  {
    try await TestNetwork.with([.noAnswer: 1], misbehavior: "\(kind)=100") { network in
      let status = try? await network.request(.post, "\(network.calls).json", Self.form).status
      switch kind {
      case "throttled": #expect(status == 429)
      case "error_before": #expect(status == 500 || status == 503)
      default: #expect(status == nil)
      }
      let (calls, summary) = (try await network.truth("calls"), try await network.truth("summary"))
      #expect(calls["calls"] == [] && summary["misbehavior"] == .object([kind: 1]))
    }
  }

  @Test(arguments: ["error_after", "closed_after"]) func whatIsDoneWithoutAnAnswerIsToldByTheTruth(
    kind: String
  ) async throws {
    try await TestNetwork.with([.noAnswer: 1], misbehavior: "\(kind)=100") { network in
      let status = try? await network.request(.post, "\(network.calls).json", Self.form).status
      #expect(kind == "closed_after" ? status == nil : [500, 503].contains(status))
      let calls = try await network.truth("calls")["calls"]?.arrayValue ?? []
      #expect(calls.count == 1 && calls.first?["misbehavior"] == [.string(kind)])
    }
  }

  // MARK: Callbacks

  @Test(
    arguments: [
      ("callback_duplicated=100", ["0", "0", "1", "1", "2", "2", "3", "3"]),
      ("callback_reordered=100", ["1", "0", "3", "2"]),
      ("callback_late=100", []), ("callback_lost=100", []),
    ]) func callbacksMisbehave(_ misbehavior: String, sequences: [String]) async throws
  {
    try await TestNetwork.with([.notInterested: 1], misbehavior: misbehavior) { network in
      let bridge = MiniatureBridge(network)
      try await bridge.run {
        let sid = try await network.place(bridge.form(to: "+12125550100"))
        await network.application.switchboard.drain()  // Returns when the last callback was sent, or is lost.
        let seen = bridge.log.withLock { $0.callbacks.map { $0["SequenceNumber"] ?? "" } }
        switch misbehavior {
        case "callback_late=100": #expect(Set(seen) == ["0", "1", "2", "3"] && seen.count == 4)
        default: #expect(seen == sequences)
        }
        let truth = try await network.truth("calls/\(sid)")
        #expect(truth["outcome"] == "not_interested" && truth["misbehavior"]?.arrayValue?.count == 4)
      }
    }
  }

  // MARK: Sockets

  @Test func aStreamBreaksInTheMiddle() async throws {
    try await TestNetwork.with([.conversation: 1], misbehavior: "stream_cut=100") { network in
      let bridge = MiniatureBridge(network)
      try await bridge.run {
        let sid = try await network.place(bridge.form(to: "+12125550100"))
        #expect(try await bridge.waitForEnd() == "completed")
        let truth = try await network.truth("calls/\(sid)")
        #expect(truth["misbehavior"] == ["stream_cut"] && truth["ended_by"] == "caller")
        // The other end was not told that it stops.
        #expect(!bridge.log.withLock { $0.streamEvents.contains("stop") })
      }
    }
  }

  @Test func theEngineClosesASession() async throws {
    try await TestNetwork.with([.conversation: 1], misbehavior: "engine_cut=100") { network in
      var options = WebSocketClient.Options()
      options.connectTimeout = .seconds(60)  // The other suites keep all threads busy for a while.
      let socket = try await WebSocketClient.connect(
        url: network.url.replacingOccurrences("http:", "ws:") + "/v1/realtime?model=m",
        headers: ["Authorization": "Bearer \(TestNetwork.key.value)"], options: options)
      for _ in 0..<2_000 { try? await socket.send(text: #"{"type":"input_audio_buffer.clear"}"#) }
      while (try? await socket.receive()) != nil {}
      let summary = try await network.truth("summary")
      #expect(summary["misbehavior"] == ["engine_cut": 1])
    }
  }
}
