import Core

/// Where providers reach the bridge. The call's id stands in every path, so that whatever arrives names its call.
struct BridgeAddresses: Hashable, Sendable {
  /// As providers see it, behind proxies and load balancers: any instance may answer there. No slash at the end.
  let publicURL: String
  /// Where streams reach this very instance; the same as `publicURL` when all share one address.
  let streamURL: String

  init(publicURL: String, streamURL: String?) {
    self.publicURL = Self.base(publicURL)
    self.streamURL = Self.base(streamURL ?? publicURL)
  }

  static let voicePath = "/twilio/voice"
  static let statusPath = "/twilio/status"
  static let machinePath = "/twilio/amd"
  static let inboundPath = "/twilio/inbound"
  static let streamPath = "/twilio/stream"

  /// Where calls to the account's numbers go.
  var inboundURL: String { publicURL + Self.inboundPath }

  func callbacks(of call: CallID) -> TwilioCallForm.Addresses {
    TwilioCallForm.Addresses(
      voice: "\(publicURL)\(Self.voicePath)/\(call)", status: "\(publicURL)\(Self.statusPath)/\(call)",
      machineDetection: "\(publicURL)\(Self.machinePath)/\(call)")
  }

  /// A stream's address under `base`, which is an instance's `streamURL`: `http` becomes `ws`, `https` becomes `wss`.
  static func stream(of call: CallID, base: String) -> String {
    let socket = base.hasPrefix("http") ? "ws" + base.dropFirst(4) : base
    return "\(socket)\(streamPath)/\(call)"
  }

  /// Without the slash and the fragment that a setting may end with.
  private static func base(_ url: String) -> String {
    var url = url.prefix { $0 != "#" }
    while url.hasSuffix("/") { url = url.dropLast() }
    return String(url)
  }
}
