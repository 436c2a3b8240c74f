import JSON

/// One item of a session's conversation.
struct RealtimeItem: Hashable, Sendable {
  enum Content: Hashable, Sendable {
    /// Words of the person, as they were understood from audio.
    case heard(transcript: String)
    /// Nobody spoke for the idle time.
    case silence
    /// Text put in by the client.
    case text(role: String, text: String)
    /// The agent's speech. `spokenFrames` were put out; `heardFrames` of them were played, once the client said so.
    case speech(plan: SpeechPlan, act: AgentDialogue.Act, spokenFrames: Int, heardFrames: Int?)
    case functionCall(name: String, callID: String, arguments: String)
    case functionOutput(callID: String, output: String)
  }

  enum Status: String, Sendable {
    case inProgress = "in_progress"
    case completed
    case incomplete
  }

  let id: String
  var status: Status
  var content: Content

  /// The item as events show it. Audio itself is never repeated.
  ///
  /// - Parameter isEmpty: An item just begun, whose content is still to come.
  func json(isEmpty: Bool = false) -> JSONValue {
    var object: JSONObject = ["id": .string(id), "object": "realtime.item"]
    switch content {
    case .heard, .silence, .speech, .text: object["type"] = "message"
    case .functionCall: object["type"] = "function_call"
    case .functionOutput: object["type"] = "function_call_output"
    }
    object["status"] = .string(status.rawValue)
    switch content {
    case .heard, .silence:
      object["role"] = "user"
      object["content"] = [["type": "input_audio", "transcript": nil]]
    case .text(let role, let text):
      object["role"] = .string(role)
      object["content"] = [["type": role == "assistant" ? "output_text" : "input_text", "text": .string(text)]]
    case .speech:
      object["role"] = "assistant"
      object["content"] = isEmpty ? [] : [["type": "output_audio", "transcript": .string(transcript)]]
    case .functionCall(let name, let callID, let arguments):
      object["name"] = .string(name)
      object["call_id"] = .string(callID)
      object["arguments"] = .string(isEmpty ? "" : arguments)
    case .functionOutput(let callID, let output):
      object["call_id"] = .string(callID)
      object["output"] = .string(output)
    }
    return .object(object)
  }

  /// The agent's words as far as they were put out and not cut off.
  var transcript: String {
    guard case .speech(let plan, _, let spoken, let heard) = content else { return "" }
    return plan.text(within: min(spoken, heard ?? spoken))
  }

  /// What the dialogue remembers of it.
  var entry: AgentDialogue.Entry? {
    switch content {
    case .heard(let transcript): return .person(transcript)
    case .silence: return .silence
    case .text(let role, let text): return role == "user" ? .person(text) : nil
    case .speech(let plan, let act, let spoken, let heard):
      let words = plan.words.count { $0.end <= min(spoken, heard ?? spoken) }
      return .agent(act, share: plan.words.isEmpty ? 1 : Double(words) / Double(plan.words.count))
    case .functionCall, .functionOutput: return nil
    }
  }

  /// Tokens that it adds to the model's input: text at four characters a token, the person's audio at ten a second.
  var textTokens: Int {
    switch content {
    case .heard, .silence: 0
    case .text(_, let text): RealtimeItem.tokens(text)
    case .speech: RealtimeItem.tokens(transcript)
    case .functionCall(_, _, let arguments): RealtimeItem.tokens(arguments)
    case .functionOutput(_, let output): RealtimeItem.tokens(output)
    }
  }

  static func tokens(_ text: String) -> Int { (text.utf8.count + 3) / 4 }
}
