import Core

/// What the network knows of one call: the resource that its API shows, and how it came about. Pure.
struct CallRecord: Hashable, Sendable {
  enum Status: String, Hashable, Sendable, CaseIterable {
    case queued
    case ringing
    case inProgress = "in-progress"
    case completed
    case busy
    case failed
    case noAnswer = "no-answer"
    case canceled

    /// Nothing follows it.
    var isOver: Bool {
      switch self {
      case .queued, .ringing, .inProgress: false
      case .completed, .busy, .failed, .noAnswer, .canceled: true
      }
    }
  }

  /// Who ended an answered call.
  enum EndedBy: String, Hashable, Sendable {
    case answerer
    /// The caller: by the API, or because its TwiML came to an end.
    case caller
    /// Its `TimeLimit` was reached.
    case timeLimit = "time_limit"
    /// This process was stopped.
    case shutdown
  }

  let sid: String
  let accountSid: String
  let request: CreateCall
  let plan: AttemptPlan
  let createdAt: Instant
  /// When the request for it arrived; before `createdAt` when the network took it up late.
  var askedAt: Instant
  /// Sids of calls to the same number that were not over when this one was created.
  let overlaps: [String]

  private(set) var status = Status.queued
  private(set) var ringingAt: Instant?
  private(set) var answeredAt: Instant?
  private(set) var endedAt: Instant?
  private(set) var sipCode: Int?
  private(set) var endedBy: EndedBy?
  private(set) var updatedAt: Instant
  var answeredBy: MachineDetection.Verdict?
  /// Filled in some time after the end.
  var price: String?
  /// What went wrong with the caller's own webhooks, documents and streams: Twilio's error codes.
  var faults: [Int] = []
  /// What the network did wrong about it.
  var misbehavior: [Misbehavior.Kind] = []
  /// How the conversation went, once it is over.
  var conversation: ConversationTruth?
  private var sequence = 0

  init(
    sid: String, accountSid: String, request: CreateCall, plan: AttemptPlan, createdAt: Instant, overlaps: [String]
  ) {
    self.sid = sid
    self.accountSid = accountSid
    self.request = request
    self.plan = plan
    self.createdAt = createdAt
    askedAt = createdAt
    self.overlaps = overlaps
    updatedAt = createdAt
  }

  /// Seconds of talk, begun ones counting; 0 when it was not answered. Audio time: on a scaled clock that the machine
  /// cannot keep up with it is what the call would have lasted.
  var seconds: Int {
    guard answeredAt != nil, let frames = conversation?.frames else { return 0 }
    return max(1, (frames + AudioFrame.perSecond - 1) / AudioFrame.perSecond)
  }

  // MARK: What happens to it

  mutating func ring(at now: Instant) {
    precondition(status == .queued, "a call rings once")
    status = .ringing
    ringingAt = now
    updatedAt = now
  }

  mutating func answer(at now: Instant) {
    precondition(status == .ringing, "only what rings is answered")
    status = .inProgress
    answeredAt = now
    updatedAt = now
  }

  /// Ends the call; the first end counts, and later ones do nothing.
  ///
  /// - Returns: Whether this was the end.
  mutating func end(_ final: Status, sipCode code: Int, by ending: EndedBy? = nil, at now: Instant) -> Bool {
    precondition(final.isOver, "a call ends in a final status")
    guard !status.isOver else { return false }
    status = final
    sipCode = code
    endedBy = ending
    endedAt = now
    updatedAt = now
    return true
  }

  /// The status callback for `event`, numbered; nil when the caller did not ask for it.
  mutating func callback(_ event: StatusEvent, at now: Instant) -> Webhook? {
    guard let target = request.statusCallback, request.statusEvents.contains(event) else { return nil }
    defer { sequence += 1 }
    let shown = event == .initiated ? "initiated" : status.rawValue
    var form = baseForm(status: shown)
    form.append(("Timestamp", TwilioDate.text(now)))
    form.append(("SequenceNumber", String(sequence)))
    form.append(("CallbackSource", "call-progress-events"))
    if let sipCode, event == .completed {
      form.append(("CallDuration", String(seconds)))
      form.append(("Duration", String((seconds + 59) / 60)))
      form.append(("SipResponseCode", String(sipCode)))
    }
    if let answeredBy { form.append(("AnsweredBy", answeredBy.rawValue)) }
    return Webhook(target: target, form: form)
  }

  /// The request for TwiML.
  func instructionsRequest(_ target: WebhookTarget) -> Webhook {
    Webhook(target: target, form: baseForm(status: status.rawValue))
  }

  /// Tells the verdict of the machine detection; nil when nobody wants to know.
  func detectionCallback(_ verdict: MachineDetection.Verdict, after duration: Duration) -> Webhook? {
    request.detection?.callback.map {
      Webhook(
        target: $0,
        form: [
          ("CallSid", sid), ("AccountSid", accountSid), ("AnsweredBy", verdict.rawValue),
          ("MachineDetectionDuration", String(duration.microseconds / 1_000)),
        ])
    }
  }

  private func baseForm(status: String) -> [(String, String)] {
    [
      ("CallSid", sid), ("AccountSid", accountSid), ("ApiVersion", "2010-04-01"), ("CallStatus", status),
      ("Direction", "outbound-api"), ("From", request.from), ("To", request.to), ("Caller", request.from),
      ("Called", request.to),
    ]
  }
}

/// One request of the network's to the caller's server.
struct Webhook: Sendable {
  var target: WebhookTarget
  var form: [(String, String)]
}
