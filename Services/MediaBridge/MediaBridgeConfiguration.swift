import Configuration
import Core

/// The bridge's settings, read once at the start.
public struct MediaBridgeConfiguration: Sendable {
  /// Where providers' requests arrive.
  var listen: String
  var addresses: BridgeAddresses
  /// Calls that this instance holds at once.
  var maxCalls: Int
  /// Business time in which nobody speaks before the call is ended.
  var silenceLimit: Duration
  /// Real time after which a request for a call has arrived at the provider or never will.
  var settle: Duration
  var twilio: TwilioProvider.Settings
  var sharedKey: TwilioSignature.SharedKey?
  var numbers = NumberRPC.Defaults()
  var openAI: OpenAIRealtimeEngine.Settings

  public init(_ reader: inout ConfigurationReader) {
    reader.group("Telephony provider")
    listen = reader.url(
      "RINGMASTER_MEDIA_BRIDGE_LISTEN", schemes: ["http"], default: "http://127.0.0.1:8091",
      help: "Where callbacks and media streams arrive; put TLS in front of it.")
    let publicURL = reader.url(
      "RINGMASTER_MEDIA_BRIDGE_PUBLIC_URL", schemes: ["http", "https"], default: nil,
      help: "How the provider reaches that address from outside; signatures are checked against it.")
    let streamURL = reader.optionalURL(
      "RINGMASTER_MEDIA_BRIDGE_STREAM_URL", schemes: ["http", "https"],
      help: "How media streams reach this very instance, when several share the public URL; default the public URL.")
    addresses = BridgeAddresses(publicURL: publicURL, streamURL: streamURL)
    let url = reader.url(
      "RINGMASTER_TWILIO_URL", schemes: ["http", "https"], default: "https://api.twilio.com",
      help: "Twilio's REST interface, or what stands in for it.")
    twilio = TwilioProvider.Settings(
      baseURL: url.hasSuffix("/") ? String(url.dropLast()) : url,
      accountID: reader.string(
        "RINGMASTER_TWILIO_ACCOUNT_SID", default: nil, help: "The account: AC and 32 hex digits."),
      authToken: reader.secret(
        "RINGMASTER_TWILIO_AUTH_TOKEN",
        help: "The account's primary token: for requests, and what callbacks are signed with."))
    let keyID = reader.optionalString(
      "RINGMASTER_TWILIO_SHARED_KEY_ID", help: "Id of a shared key that callbacks may be signed with instead.")
    let keySecret = reader.optionalSecret(
      "RINGMASTER_TWILIO_SHARED_KEY_SECRET", help: "Secret of that shared key.")
    if let keyID, let keySecret { sharedKey = TwilioSignature.SharedKey(id: keyID, secret: keySecret) }
    if (keyID == nil) != (keySecret == nil) {
      reader.fault(
        "RINGMASTER_TWILIO_SHARED_KEY_ID and RINGMASTER_TWILIO_SHARED_KEY_SECRET go together: set both or none")
    }
    numbers.bundle = reader.string(
      "RINGMASTER_TWILIO_BUNDLE_SID", default: "",
      help: "Approved regulatory bundle (BU…) that numbers are bought with; Australia asks for one.")
    numbers.address = reader.string(
      "RINGMASTER_TWILIO_ADDRESS_SID", default: "", help: "Address (AD…) that numbers are bought with.")
    settle = reader.duration(
      "RINGMASTER_MEDIA_BRIDGE_SETTLE", default: .seconds(20), range: .seconds(1) ... .minutes(10),
      help: "A call in doubt that the provider does not list by then was never placed; longer than a request takes.")

    reader.group("Voice engine")
    openAI = OpenAIRealtimeEngine.Settings(
      url: reader.url(
        "RINGMASTER_OPENAI_REALTIME_URL", schemes: ["ws", "wss"], default: "wss://api.openai.com/v1/realtime",
        help: "OpenAI's Realtime interface, or what stands in for it."),
      model: reader.string(
        "RINGMASTER_OPENAI_REALTIME_MODEL", default: "gpt-realtime-2.1", help: "The model that talks."),
      transcriptionModel: reader.string(
        "RINGMASTER_OPENAI_TRANSCRIPTION_MODEL", default: "gpt-transcribe",
        help: "The model that writes down the person."),
      apiKey: reader.secret("RINGMASTER_OPENAI_API_KEY", help: "OpenAI's key."))
    maxCalls = reader.int(
      "RINGMASTER_MEDIA_BRIDGE_MAX_CALLS", default: 400, range: 1...5_000,
      help: "Calls that this instance holds at once; more are refused, so that an answered call always has its agent.")
    silenceLimit = reader.duration(
      "RINGMASTER_MEDIA_BRIDGE_SILENCE_LIMIT", default: .seconds(25), range: .seconds(10) ... .minutes(10),
      help: "A call in which nobody speaks for so long is ended.")
  }
}
