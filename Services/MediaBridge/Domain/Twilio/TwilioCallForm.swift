import Core

/// The form that asks Twilio for a call (protocol reference 1.2).
enum TwilioCallForm {
  /// Where Twilio reaches the bridge about one call.
  struct Addresses: Hashable, Sendable {
    /// Instructions, fetched when the call is answered.
    var voice: String
    var status: String
    var machineDetection: String
  }

  /// Twilio takes at most a day.
  private static let timeLimitSeconds = 86_400

  static func pairs(_ order: CallOrder, addresses: Addresses) -> [(String, String)] {
    let limit = Int((order.maxDuration + CallDeadline.providerGrace).inSeconds.rounded(.up))
    return [
      ("To", order.to), ("From", order.from),
      ("Url", addresses.voice), ("Method", "POST"),
      ("StatusCallback", addresses.status), ("StatusCallbackMethod", "POST"),
      // One pair a value: a list in one value is not understood.
      ("StatusCallbackEvent", "initiated"), ("StatusCallbackEvent", "ringing"),
      ("StatusCallbackEvent", "answered"), ("StatusCallbackEvent", "completed"),
      ("Timeout", String(Int(CallDeadline.ringTime.inSeconds))),
      ("TimeLimit", String(min(max(limit, 1), timeLimitSeconds))),
      // Detection runs beside the conversation, so that it never delays the first words.
      ("MachineDetection", "DetectMessageEnd"), ("AsyncAmd", "true"),
      ("AsyncAmdStatusCallback", addresses.machineDetection), ("AsyncAmdStatusCallbackMethod", "POST"),
    ]
  }
}
