import Configuration
import Core
import JSON
import Testing

@testable import PhoneNetwork

@Suite struct TwilioTests {
  private static let token = Secret("12345678901234567890123456789012")

  /// Vectors of Twilio's own RequestValidator.
  @Test func signaturesAreTwilios() {
    let status = [
      ("AccountSid", "AC00000000000000000000000000000001"), ("ApiVersion", "2010-04-01"), ("CallDuration", "42"),
      ("CallSid", "CA00000000000000000000000000000001"), ("CallStatus", "completed"), ("Direction", "outbound-api"),
      ("From", "+61491570156"), ("SequenceNumber", "3"), ("To", "+61491570157"),
    ]
    #expect(
      TwilioSignature.sign(
        url: "https://calls.example.com/hooks/twilio/status?attempt=7", parameters: status.reversed(), token: Self.token
      )
        == "tVWaAM3WyQuIh80fse/ZqTp1U1w=")
    #expect(
      TwilioSignature.sign(
        url: "https://h/x", parameters: [("A", "2"), ("A", "1"), ("A", "1"), ("B", "")], token: Self.token)
        == "OJl46C01HT4pI4P463yhI7Ntevk=")
    #expect(
      TwilioSignature.sign(url: "wss://media.example.com/twilio/stream", parameters: [], token: Self.token)
        == "KBYh6FElm/Y8y4Y9eLRsIUkn1D0=")
    #expect(
      TwilioSignature.sign(url: "https://media.example.com/twilio/stream#rc=2", parameters: [], token: Self.token)
        == "t4xevoGjUJkdGt53eMhxwp3UQ1I=")
  }

  @Test func datesAreRFC2822() throws {
    let instant = try #require(Instant(rfc3339: "2026-03-02T09:05:07Z"))
    #expect(TwilioDate.text(instant) == "Mon, 02 Mar 2026 09:05:07 +0000")
    #expect(TwilioDate.filter("2026-03-02") == Instant(rfc3339: "2026-03-02T00:00:00Z"))
    #expect(TwilioDate.filter("2026-03-02T09:05:07Z") == instant)
    #expect(TwilioDate.filter("yesterday") == nil)
  }

  // MARK: TwiML

  private func twiml(_ text: String) throws -> TwiML { try TwiML(Array(text.utf8)) }

  @Test func documentsAreRead() throws {
    let document = try twiml(
      """
      <?xml version="1.0" encoding="UTF-8"?><!-- ours -->
      <Response>
        <Say voice="Polly.Nicole" loop="2">Hello &amp; <![CDATA[<welcome>]]>&#33;</Say><Pause/><Pause length='5'/>
        <Play>https://h/vm.wav?a=1&amp;b=2</Play>
        <Connect action="https://h/after"><Stream url="wss://media.example.com/s" name="leg1">
          <Parameter name="call_ref" value="4&quot;2"/><Parameter name="empty"/></Stream></Connect>
        <Hangup/><Fax/>
      </Response>
      """)
    #expect(
      document.verbs == [
        .say(text: "Hello & <welcome>!", times: 2), .pause(.seconds(1)), .pause(.seconds(5)),
        .play(url: "https://h/vm.wav?a=1&b=2", times: 1),
        .connectStream(
          TwiML.Stream(
            url: "wss://media.example.com/s",
            parameters: [.init(name: "call_ref", value: "4\"2"), .init(name: "empty", value: "")])),
        .hangUp,
      ])
    #expect(document.skipped == ["Fax"])
  }

  @Test(
    arguments: [
      ("", 12100), ("<Response>", 12100), ("<Response/><Response/>", 12100), ("<Answer/>", 12100),
      ("<Response><Say>&unknown;</Say></Response>", 12100), ("<!DOCTYPE a><Response/>", 12100),
      ("<Response><Say></Play></Response>", 12100), ("<Response a='1' a='2'/>", 12100),
      ("<Response><Play>file:///etc/passwd</Play></Response>", 11100),
      ("<Response><Connect><Stream url='https://h/'/></Connect></Response>", 31922),
      ("<Response><Connect><Stream url='wss://h/' track='both_tracks'/></Connect></Response>", 31941),
      ("<Response><Connect/></Response>", 12200), ("<Response><Pause length='-1'/></Response>", 12200),
    ]) func wrongDocumentsHaveTwiliosCodes(document: String, code: Int)
  {
    #expect { try twiml(document) } throws: { ($0 as? TwiML.Fault)?.code == code }
  }

  @Test(arguments: UInt64(1)...20) func mutatedDocumentsDoNotCrash(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let document = Array(
      "<Response><Say loop=\"2\">a &amp; b</Say><Connect><Stream url=\"wss://h/\"/></Connect></Response>".utf8)
    for _ in 0..<500 {
      var bytes = document
      for _ in 0..<Int.random(in: 1...6, using: &generator) where !bytes.isEmpty {
        let place = Int.random(in: 0..<bytes.count, using: &generator)
        switch Int.random(in: 0..<3, using: &generator) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
        case 1: bytes.remove(at: place)
        default: bytes.insert(contentsOf: bytes[place...].prefix(20), at: place)
        }
      }
      _ = try? TwiML(bytes)
    }
  }

  @Test func nestingIsLimited() {
    let deep = String(repeating: "<a>", count: 100_000)
    #expect(throws: TwiML.Fault.self) { try twiml(deep) }
  }

  // MARK: Machine detection

  private func verdict(
    _ sounds: [(MachineDetection.Sound, milliseconds: Int)], _ mode: MachineDetection.Mode = .detectMessageEnd
  ) -> (MachineDetection.Verdict, atMilliseconds: Int)? {
    var detection = MachineDetection(mode: mode)
    var time = 0
    for (sound, milliseconds) in sounds {
      for _ in 0..<AudioFrame.count(milliseconds: milliseconds) {
        time += AudioFrame.milliseconds
        if let verdict = detection.hear(sound) { return (verdict, time) }
      }
    }
    return nil
  }

  @Test func aShortGreetingIsHuman() throws {
    let found = try #require(verdict([(.silence, 400), (.speech, 800), (.silence, 3_000)]))
    #expect(found == (.human, 2_400))
  }

  @Test func aLongOneIsAMachine() throws {
    let greeting: [(MachineDetection.Sound, milliseconds: Int)] = [
      (.silence, 400), (.speech, 2_000), (.silence, 200), (.speech, 2_000), (.silence, 300),
    ]
    #expect(verdict(greeting, .enable)?.0 == .machineStart)
    #expect(verdict(greeting + [(.tone, 500), (.silence, 100)])?.0 == .machineEndBeep)
    #expect(verdict(greeting + [(.silence, 2_000)])?.0 == .machineEndSilence)
    #expect(verdict([(.silence, 6_000)])?.0 == .unknown)
    #expect(verdict([(.speech, 60_000)])?.0 == .unknown)
  }

  @Test(arguments: UInt64(1)...40) func peopleAndMailboxesSoundAsTheyAre(seed: UInt64) throws {
    let choice = Choice(seed: seed, number: "+12125550100", attempt: 1)
    let plans: [(AttemptPlan.Answerer, MachineDetection.Verdict)] = [
      (.person(ConversationTests.plan(.conversation, seed: seed)), .human),
      (.mailbox(MailboxPlan(person: choice, attempt: choice)), .machineEndBeep),
    ]
    for (plan, expected) in plans {
      var answerer = Answerer(plan, utterance: 1)
      var detection = MachineDetection(mode: .detectMessageEnd)
      var found: MachineDetection.Verdict?
      for _ in 0..<1_500 where found == nil {
        var frame: [UInt8] = []
        _ = answerer.step(hearing: UnsafeBufferPointer(start: nil, count: 0), into: &frame)
        found = detection.hear(
          frame.isEmpty ? .silence : frame.withUnsafeBufferPointer { Voice.isTone($0) } ? .tone : .speech)
      }
      #expect(found == expected)
    }
  }

  // MARK: Requests

  private let form = [("To", "+12125550100"), ("From", "+15005550006"), ("Twiml", "<Response/>")]

  @Test func parametersAreChecked() throws {
    let call = try CreateCall(
      form + [
        ("Timeout", "25"), ("TimeLimit", "120"), ("StatusCallback", "http://h/s"), ("StatusCallbackEvent", "ringing"),
        ("StatusCallbackEvent", "completed"), ("MachineDetection", "Enable"), ("AsyncAmd", "true"),
      ])
    #expect(call.timeout == .seconds(25) && call.timeLimit == .seconds(120))
    #expect(call.statusEvents == [.ringing, .completed])
    #expect(call.detection?.mode == .enable)
    let wrong: [([(String, String)], Int)] = [
      ([("Timeout", "0")], 21208), ([("Timeout", "soon")], 21208), ([("StatusCallback", "h/s")], 21609),
      ([("StatusCallback", "http://h"), ("StatusCallbackMethod", "PUT")], 21209),
      ([("StatusCallbackEvent", "initiated ringing")], 21626), ([("MachineDetection", "Guess")], 21263),
      ([("Url", "ftp://h")], 21205),
    ]
    for (fields, code) in wrong {
      #expect { try CreateCall(form + fields) } throws: { ($0 as? TwilioError)?.code == code }
    }
    #expect { try CreateCall([("From", "+15005550006")]) } throws: { ($0 as? TwilioError)?.code == 21201 }
    for number in ["12125550100", "+1212", "+0212555010", "+1212555010a", "+1234567890123456", "+"] {
      #expect(!CreateCall.isE164(number))
    }
  }

  @Test func aCallEndsOnceAndNumbersItsCallbacks() throws {
    let now = Instant(microsecondsSince1970: 1_772_442_000_000_000)
    let request = try CreateCall(
      form + [("StatusCallback", "http://h/s")] + StatusEvent.allCases.map { ("StatusCallbackEvent", $0.rawValue) })
    var record = CallRecord(
      sid: "CA1", accountSid: "AC1", request: request,
      plan: AttemptPlan(seed: 1, number: request.to, attempt: 1, population: .standard), createdAt: now, overlaps: [])
    #expect(record.resource["status"] == "queued" && record.resource["duration"] == .null)
    func sequence(_ webhook: Webhook?) -> String? { webhook.flatMap { FormFields($0.form)["SequenceNumber"] } }
    #expect(sequence(record.callback(.initiated, at: now)) == "0")
    record.ring(at: now)
    #expect(sequence(record.callback(.ringing, at: now)) == "1")
    let ended = record.end(.noAnswer, sipCode: 487, at: now + .seconds(20))
    let again = record.end(.completed, sipCode: 200, at: now + .seconds(30))
    #expect(ended && !again)
    let last = FormFields(record.callback(.completed, at: now)?.form ?? [])
    #expect(last["CallStatus"] == "no-answer" && last["SipResponseCode"] == "487" && last["CallDuration"] == "0")
  }
}
