/// Why the engine refuses a client event: the body of an `error` event. The session goes on.
struct RealtimeFault: Error, Hashable, Sendable {
  var code: String
  var message: String
  /// Path of the field at fault, for example `session.audio.input.format`.
  var param: String?

  static func invalid(_ param: String, _ message: String) -> RealtimeFault {
    RealtimeFault(code: "invalid_value", message: message, param: param)
  }

  static func missing(_ param: String) -> RealtimeFault {
    RealtimeFault(code: "missing_required_parameter", message: "Missing required parameter: '\(param)'.", param: param)
  }

  static func unknown(_ param: String) -> RealtimeFault {
    RealtimeFault(code: "unknown_parameter", message: "Unknown parameter: '\(param)'.", param: param)
  }
}
