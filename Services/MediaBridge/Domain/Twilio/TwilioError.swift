import JSON

/// What Twilio's error codes mean for a call (protocol reference 1.10).
struct TwilioError: Hashable, Sendable {
  enum Action: Hashable, Sendable {
    /// This call will never be placed, whoever asks again.
    case giveUp
    /// Nothing will be placed until somebody sees to the account: as `giveUp`, and worth an alarm.
    case alarm
    /// Refused for now; certainly not placed.
    case later
    /// Too many requests: as `later`, and true of every call.
    case throttled
    /// The call is over, or never was.
    case alreadyOver
    /// Something broke at Twilio, before or after the call was placed.
    case unsure
  }

  /// Twilio's code; the HTTP status when it gave none.
  var code: Int
  var action: Action

  /// - Parameters:
  ///   - status: The HTTP status, 400 or above.
  ///   - body: The error's JSON, in the classic or the newer form; both carry `code`.
  init(status: Int, body: JSONValue?) {
    code = body?["code"]?.intValue ?? status
    action = Self.action(code: code, status: status)
  }

  private static func action(code: Int, status: Int) -> Action {
    switch code {
    case 20404, 21220: .alreadyOver
    case 20429: .throttled
    case 10004: .later
    case 10001, 20005, 20003, 20006, 20008, 10002: .alarm
    default:
      switch status {
      case 429: .throttled
      case 401, 403: .alarm
      case 404: .alreadyOver
      case 500...: .unsure
      default: .giveUp
      }
    }
  }
}
