import Configuration
import Core
import HTTP
import JSON
import Testing

@testable import PhoneNetwork

/// Calls over real sockets: REST, webhooks, Media Streams and Realtime, joined by a miniature bridge.
@Suite struct EndToEndTests {
  @Test(arguments: [UInt64(1), 2]) func bothSidesHearWhatWasSaid(seed: UInt64) async throws {
    try await TestNetwork.with([.conversation: 1], seed: seed) { network in
      let bridge = MiniatureBridge(network)
      try await bridge.run {
        let sid = try await network.place(bridge.form(to: "+12125550100", detection: true))
        #expect(try await bridge.waitForEnd() == "completed")
        let truth = try await network.truth("calls/\(sid)")
        #expect(truth["outcome"] == "conversation")
        let told = truth["conversation"]?["told"]?.arrayValue ?? []
        #expect(Set(told.compactMap(\.stringValue)) == Set(Topic.allCases.map(\.rawValue)))
        let log = bridge.log.withLock { $0 }
        #expect(log.badSignatures == 0)
        #expect(log.errors.isEmpty)
        #expect(log.callbacks.map { $0["CallStatus"] } == ["initiated", "ringing", "in-progress", "completed"])
        #expect(log.callbacks.map { $0["SequenceNumber"] } == ["0", "1", "2", "3"])
        #expect(log.callbacks.last?["SipResponseCode"] == "200")
        #expect(log.verdicts.map { $0["AnsweredBy"] } == ["human"])
        #expect(log.streamEvents.prefix(3) == ["connected", "start", "media"])
        expectSameWords(bridge, truth["conversation"]?["lines"]?.arrayValue ?? [])
      }
    }
  }

  /// What the engine has in its items is what the answering end said and heard, word for word. Of a turn that was cut
  /// the bridge knows as much as marks told it; the person's last words may be on their way at the end.
  private func expectSameWords(_ bridge: MiniatureBridge, _ lines: [JSONValue]) {
    func text(_ speaker: String) -> String {
      lines.filter { $0["speaker"]?.stringValue == speaker }.compactMap { $0["text"]?.stringValue }
        .joined(separator: " ")
    }
    let understood = bridge.transcript.filter(\.isPerson).map(\.text).joined(separator: " ")
    #expect(!understood.isEmpty && text("person").hasPrefix(understood))
    let whole = bridge.transcript.filter { !$0.isPerson && !$0.isCut }
    #expect(whole.count >= 5)
    let heard = text("agent")
    for turn in whole { #expect(heard.contains(turn.text), "\(turn.text) is not in \(heard)") }
    for turn in bridge.transcript where turn.isCut { #expect(heard.contains(turn.text)) }
  }

  /// Scheduling and the speed of the clock change nothing about how a call ends.
  @Test(arguments: [15.0, 45]) func aPopulationEndsAsItWasPlanned(scale: Double) async throws {
    try await TestNetwork.with(Population.standard.weights, seed: 5, scale: scale) { network in
      let bridge = MiniatureBridge(network)
      try await bridge.run {
        for index in 0..<20 { _ = try await network.place(bridge.form(to: "+1\(2_125_550_000 + index)")) }
        for _ in 0..<20 { _ = try await bridge.waitForEnd() }
        let page = try await network.truth("calls?limit=100")
        for call in page["calls"]?.arrayValue ?? [] {
          let planned = call["planned"]
          let expected =
            switch planned?["fate"]?.stringValue {
            case "answered": planned?["by"] == "mailbox" ? "voicemail" : planned?["intent"]?.stringValue
            case "unassigned", "network_failure": "failed"
            case let fate: fate
            }
          #expect(call["outcome"]?.stringValue == expected, "\(call)")
          #expect(call["outcome"] != "conversation" || call["conversation"]?["told"]?.arrayValue?.count == 4)
          #expect(call["faults"] == [] && call["overlaps"] == [])
        }
        let summary = try await network.truth("summary")
        #expect(summary["calls"] == 20 && summary["live_calls"] == 0)
        #expect(summary["numbers_with_overlapping_calls"] == 0)
        #expect(bridge.log.withLock { $0.errors.isEmpty })
      }
    }
  }

  @Test func aMailboxIsRecognisedAndTakesTheMessage() async throws {
    try await TestNetwork.with([.voicemail: 1]) { network in
      let bridge = MiniatureBridge(network)
      try await bridge.run {
        let sid = try await network.place(
          [
            ("To", "+12125550100"), ("From", "+15005550006"),
            ("Twiml", "<Response><Pause length=\"60\"/></Response>"), ("MachineDetection", "DetectMessageEnd"),
            ("AsyncAmd", "true"), ("AsyncAmdStatusCallback", "\(bridge.url)/status"),
          ])
        // The verdict has no CallStatus.
        #expect(try await bridge.statuses.next() == "")
        let verdict = bridge.log.withLock { $0.callbacks.first }
        #expect(verdict?["AnsweredBy"] == "machine_end_beep")
        let (status, _) = try await network.request(
          .post, "\(network.calls)/\(sid).json",
          [("Twiml", "<Response><Say>Sorry to have missed you.</Say><Hangup/></Response>")])
        #expect(status == 200)
        let truth = try await untilOver(sid, network)
        #expect(truth["outcome"] == "voicemail")
        #expect(truth["conversation"]?["message"] == "Sorry to have missed you.")
        #expect(truth["ended_by"] == "caller")
      }
    }
  }

  /// Polls the API, as a caller without webhooks does.
  private func untilOver(_ sid: String, _ network: TestNetwork) async throws -> JSONValue {
    while true {
      let truth = try await network.truth("calls/\(sid)")
      if truth["outcome"]?.isNull == false { return truth }
      try await network.clock.sleep(for: .milliseconds(500))
    }
  }

  @Test(
    arguments: [
      (Population.Ending.noAnswer, "no-answer", "487", "no_answer"), (.busy, "busy", "486", "busy"),
      (.unassigned, "failed", "404", "failed"), (.networkFailure, "failed", "503", "failed"),
    ])
  func whatIsNotAnsweredSaysWhy(ending: Population.Ending, status: String, sip: String, outcome: String) async throws {
    try await TestNetwork.with([ending: 1], scale: 100) { network in
      let bridge = MiniatureBridge(network)
      try await bridge.run {
        let sid = try await network.place(bridge.form(to: "+12125550100"))
        #expect(try await bridge.waitForEnd() == status)
        #expect(bridge.log.withLock { $0.callbacks.last?["SipResponseCode"] } == sip)
        #expect(try await network.truth("calls/\(sid)")["outcome"]?.stringValue == outcome)
      }
    }
  }

  @Test func aRingingCallCanBeCancelledAndAnEndedOneNot() async throws {
    try await TestNetwork.with([.noAnswer: 1]) { network in
      let bridge = MiniatureBridge(network)
      try await bridge.run {
        let sid = try await network.place(bridge.form(to: "+12125550100"))
        let url = "\(network.calls)/\(sid).json"
        #expect(try await network.request(.post, url, [("Status", "canceled")]).status == 200)
        #expect(try await bridge.waitForEnd() == "canceled")
        let again = try await network.request(.post, url, [("Status", "completed")])
        #expect(again.status == 400 && again.body["code"] == 21220)
      }
    }
  }

  @Test func refusalsHaveTwiliosForm() async throws {
    try await TestNetwork.with([.noAnswer: 1]) { network in
      let url = "\(network.calls).json"
      let form = [("To", "+12125550100"), ("From", "+15005550006"), ("Url", "http://127.0.0.1:9/")]
      func code(_ form: [(String, String)]) async throws -> JSONValue? {
        try await network.request(.post, url, form).body["code"]
      }
      #expect(try await network.request(.post, url, form, token: Secret("wrong")).body["code"] == 20003)
      #expect(try await network.request(.post, url, form, token: Secret("wrong")).status == 401)
      #expect(try await code(form.map { $0.0 == "To" ? ("To", "12345") : $0 }) == 21211)
      #expect(try await code(form.map { $0.0 == "From" ? ("From", "me") : $0 }) == 21212)
      #expect(try await code(Array(form.dropLast())) == 21205)
      #expect(try await code(form + [("MachineDetection", "Enable")]) == 21263)
      let missing = try await network.request(.get, "\(network.calls)/CA0.json")
      #expect(missing.status == 404 && missing.body["code"] == 20404)
    }
  }

  @Test func callsAreListedByNumberAndPage() async throws {
    try await TestNetwork.with([.unassigned: 1], scale: 100) { network in
      for index in 0..<5 {
        _ = try await network.place(
          [("To", "+1212555010\(index % 2)"), ("From", "+15005550006"), ("Twiml", "<Response/>")])
      }
      let one = try await network.request(.get, "\(network.calls).json?To=%2B12125550100&PageSize=2")
      #expect(one.body["calls"]?.arrayValue?.count == 2)
      let next = try #require(one.body["next_page_uri"]?.stringValue)
      let two = try await network.request(.get, network.url + next)
      #expect(two.body["calls"]?.arrayValue?.count == 1)
      #expect(two.body["next_page_uri"] == .null)
      let later = try await network.request(.get, "\(network.calls).json?StartTime%3E=2030-01-01")
      #expect(later.body["calls"] == [])
      let truth = try await network.truth("numbers/%2B12125550100")
      #expect(truth["create_requests"] == 3)
      let page = try await network.truth("calls?limit=4")
      #expect(page["calls"]?.arrayValue?.count == 4 && page["next_cursor"] == "4")
    }
  }
}
