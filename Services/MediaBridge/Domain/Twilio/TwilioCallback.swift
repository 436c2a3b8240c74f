import Core

/// The parameters of a webhook, already verified. Of several with one name the first counts.
struct TwilioParameters: Hashable, Sendable {
  private let values: [String: String]

  init(_ pairs: [(String, String)]) {
    values = Dictionary(pairs) { first, _ in first }
  }

  subscript(name: String) -> String? {
    values[name].flatMap { $0.isEmpty ? nil : $0 }
  }

  /// A number of at most nine digits, so that nothing downstream overflows.
  func integer(_ name: String) -> Int? {
    guard let text = self[name], text.utf8.count <= 9, text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else {
      return nil
    }
    return Int(text)
  }

  /// `CallSid`: two letters and 32 hexadecimal digits.
  var callID: ProviderCallID? {
    guard let text = self["CallSid"], TwilioSID.isValid(text, prefix: "CA") else { return nil }
    return ProviderCallID(text)
  }
}

/// Twilio's ids (protocol reference 1.1).
enum TwilioSID {
  static func isValid(_ text: String, prefix: String) -> Bool {
    text.utf8.count == 34 && text.hasPrefix(prefix)
      && text.utf8.dropFirst(2).allSatisfy { Hex.digit($0) != nil }
  }
}

/// What a webhook says, and the key under which a second delivery of it is recognised.
struct TwilioCallback: Hashable, Sendable {
  enum Kind: String, Hashable, Sendable, CaseIterable {
    /// The call was answered and Twilio asks what to do.
    case voice
    /// Progress of the call.
    case status
    /// Verdict of the answering-machine detection.
    case machineDetection = "amd"
  }

  var kind: Kind
  var id: ProviderCallID
  /// Tells deliveries of one kind apart: the sequence number of a status, else what stands in for it.
  var sequence: Int
  var report: CallReport

  /// Nil when the parameters are not what Twilio sends; nothing can be done about such a request.
  init?(_ kind: Kind, _ parameters: TwilioParameters) {
    guard let id = parameters.callID else { return nil }
    self.kind = kind
    self.id = id
    let verdict = parameters["AnsweredBy"].flatMap(AnsweredBy.init(rawValue:))
    switch kind {
    case .voice:
      (sequence, report) = (0, .pickedUp(id))
    case .machineDetection:
      guard let verdict, let order = AnsweredBy.allCases.firstIndex(of: verdict) else { return nil }
      (sequence, report) = (order, .machineVerdict(id, verdict))
    case .status:
      guard let status = parameters["CallStatus"].flatMap(ProviderStatus.init(rawValue:)),
        let order = ProviderStatus.allCases.firstIndex(of: status)
      else { return nil }
      // Without a sequence number a status counts once.
      sequence = parameters.integer("SequenceNumber") ?? -1 - order
      report = .provider(
        ProviderReport(
          id: id, status: status, at: parameters["Timestamp"].flatMap(TwilioTime.parse),
          sipCode: parameters.integer("SipResponseCode"),
          duration: parameters.integer("CallDuration").map { .seconds($0) }, answeredBy: verdict))
    }
  }
}
