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
        expectSameWords(bridge.transcript, truth["conversation"]?["lines"]?.arrayValue ?? [])
      }
    }
  }

  /// What the engine has in its items is what the answering end said and heard, word for word. Words may be missing at
  /// the end of an interrupted turn, and after the last turn.
  private func expectSameWords(_ transcript: [String], _ lines: [JSONValue]) {
    func words(_ speaker: String) -> [Substring] {
      lines.filter { $0["speaker"]?.stringValue == speaker }.compactMap { $0["text"]?.stringValue }
        .joined(separator: " ").split(separator: " ")
    }
    func transcribed(_ speaker: String) -> [Substring] {
      transcript.filter { $0.hasPrefix(speaker) }.map { $0.dropFirst(speaker.count + 2) }.joined(separator: " ")
        .split(separator: " ")
    }
    #expect(words("person").starts(with: transcribed("person")))
    // Marks come every 200 ms, so up to a word or two of a cut turn is heard but not counted.
    let heard = words("agent")
    let counted = transcribed("agent")
    #expect(Set(counted).isSubset(of: Set(heard)))
    #expect(abs(heard.count - counted.count) <= 6, "\(heard.count) words heard, \(counted.count) counted")
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
