import JSON

extension RealtimeSession {
  mutating func createItem(_ event: JSONValue) throws(RealtimeFault) {
    guard let item = event["item"] else { throw .missing("item") }
    guard items.count < RealtimeSession.itemLimit else {
      throw RealtimeFault(code: "conversation_too_long", message: "The conversation has too many items.")
    }
    let id = item["id"]?.stringValue ?? nextID("item")
    guard !items.contains(where: { $0.id == id }) else {
      throw RealtimeFault(code: "item_create_duplicate_id", message: "Item '\(id)' exists already.", param: "item.id")
    }
    let content = try RealtimeSession.content(of: item)
    add(RealtimeItem(id: id, status: .completed, content: content))
  }

  private static func content(of item: JSONValue) throws(RealtimeFault) -> RealtimeItem.Content {
    switch item["type"]?.stringValue {
    case "message":
      guard let role = item["role"]?.stringValue, ["user", "system", "assistant"].contains(role) else {
        throw .invalid("item.role", "Supported values are: 'user', 'system', 'assistant'.")
      }
      let expected = role == "assistant" ? "output_text" : "input_text"
      var texts: [String] = []
      for (index, part) in (item["content"]?.arrayValue ?? []).enumerated() {
        guard part["type"]?.stringValue == expected, let text = part["text"]?.stringValue else {
          throw .invalid("item.content[\(index)]", "Expected a part of type '\(expected)' with its text.")
        }
        texts.append(text)
      }
      guard !texts.isEmpty else { throw .missing("item.content") }
      return .text(role: role, text: texts.joined(separator: " "))
    case "function_call_output":
      guard let callID = item["call_id"]?.stringValue else { throw .missing("item.call_id") }
      guard let output = item["output"]?.stringValue else { throw .missing("item.output") }
      return .functionOutput(callID: callID, output: output)
    case nil: throw .missing("item.type")
    case let type?: throw .invalid("item.type", "Invalid value: '\(type)'.")
    }
  }

  /// Cuts an item of the agent's to what the person heard of it.
  mutating func truncateItem(_ event: JSONValue) throws(RealtimeFault) {
    let index = try place(of: event)
    guard event["content_index"]?.intValue == 0 else { throw .invalid("content_index", "There is one part, index 0.") }
    guard let end = event["audio_end_ms"]?.intValue, end >= 0 else { throw .missing("audio_end_ms") }
    guard case .speech(let plan, let act, let spoken, _) = items[index].content else {
      throw .invalid("item_id", "Only model output audio messages can be truncated.")
    }
    let length = spoken * AudioFrame.milliseconds
    guard end <= length else {
      throw .invalid("audio_end_ms", "Audio content of \(length)ms is already shorter than \(end)ms")
    }
    let heard = end / AudioFrame.milliseconds
    items[index].content = .speech(plan: plan, act: act, spokenFrames: spoken, heardFrames: heard)
    playedUntilMilliseconds = playedUntilMilliseconds.map { min($0, input.milliseconds) }
    let id = items[index].id
    emit("conversation.item.truncated") {
      $0.member("item_id", id)
      $0.member("content_index", 0)
      $0.member("audio_end_ms", end)
    }
  }

  mutating func deleteItem(_ event: JSONValue) throws(RealtimeFault) {
    let id = items.remove(at: try place(of: event)).id
    emit("conversation.item.deleted") { $0.member("item_id", id) }
  }

  mutating func retrieveItem(_ event: JSONValue) throws(RealtimeFault) {
    let item = items[try place(of: event)].json()
    emit("conversation.item.retrieved") { $0.member("item", item) }
  }

  private func place(of event: JSONValue) throws(RealtimeFault) -> Int {
    guard let id = event["item_id"]?.stringValue else { throw .missing("item_id") }
    guard let index = items.lastIndex(where: { $0.id == id }) else {
      throw RealtimeFault(code: "item_not_found", message: "Item with item_id '\(id)' not found.", param: "item_id")
    }
    return index
  }
}
