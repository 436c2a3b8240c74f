import HTTP
import JSON

/// A refusal in Twilio's own form: `{"code":21211,"message":"…","more_info":"…","status":400}`.
struct TwilioError: Error, Hashable, Sendable {
  var code: Int
  var status: Int
  var message: String

  static let authenticate = TwilioError(code: 20003, status: 401, message: "Authenticate")
  static let invalidCallState = TwilioError(
    code: 21220, status: 400, message: "Call is not in-progress. Cannot redirect.")
  static let callMissing = TwilioError(code: 21201, status: 400, message: "No 'To' number is specified")
  static let fromMissing = TwilioError(code: 21213, status: 400, message: "No 'From' number is specified")
  static let instructionsMissing = TwilioError(
    code: 21205, status: 400, message: "Url, Twiml or ApplicationSid is required")
  /// More calls at once than this network carries.
  static let tooManyRequests = TwilioError(code: 20429, status: 429, message: "Too Many Requests")

  static func notFound(_ path: String) -> TwilioError {
    TwilioError(code: 20404, status: 404, message: "The requested resource \(path) was not found")
  }

  static func invalidTo(_ number: String) -> TwilioError {
    TwilioError(
      code: 21211, status: 400, message: "The phone number you are attempting to call, \(number), is not valid.")
  }

  static func invalidFrom(_ number: String) -> TwilioError {
    TwilioError(code: 21212, status: 400, message: "The source phone number provided, \(number), is not valid.")
  }

  static func invalid(_ code: Int, _ parameter: String, _ value: String) -> TwilioError {
    TwilioError(code: code, status: 400, message: "Invalid \(parameter): \(value)")
  }

  var response: HTTPResponse {
    let body: JSONValue = [
      "code": JSONValue(code), "message": .string(message),
      "more_info": .string("https://www.twilio.com/docs/errors/\(code)"), "status": JSONValue(status),
    ]
    var response = HTTPResponse.json(body, status: HTTPStatus(status))
    if status == 429 { response.headers["Retry-After"] = "1" }
    return response
  }
}
