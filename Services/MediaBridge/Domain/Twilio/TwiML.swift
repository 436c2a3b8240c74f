/// The instructions that Twilio carries out on a call (protocol reference 1.5).
enum TwiML {
  static let contentType = "text/xml; charset=utf-8"

  /// Connects the call's audio to a WebSocket, both ways. With nothing after it the call ends when the socket does.
  ///
  /// - Parameter url: Identifiers stand in the path: Twilio does not deliver a stream's query.
  static func connect(stream url: String) -> String {
    response("<Connect><Stream url=\"\(escaped(url))\"/></Connect>")
  }

  static func say(_ text: String) -> String {
    response("<Say>\(escaped(text))</Say><Hangup/>")
  }

  /// Not answered, and not billed.
  static let reject = response("<Reject/>")

  static let hangUp = response("<Hangup/>")

  private static func response(_ verbs: String) -> String {
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response>\(verbs)</Response>"
  }

  /// Text for an element or an attribute. Characters that XML 1.0 cannot hold are left out.
  private static func escaped(_ text: String) -> String {
    var output = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": output += "&amp;"
      case "<": output += "&lt;"
      case ">": output += "&gt;"
      case "\"": output += "&quot;"
      case "'": output += "&apos;"
      case "\t", "\n", "\r", "\u{20}"..."\u{d7ff}", "\u{e000}"..."\u{fffd}", "\u{10000}"..."\u{10ffff}":
        output.unicodeScalars.append(scalar)
      default: break
      }
    }
    return output
  }
}
