/// A TwiML document: what a call does after it was answered.
struct TwiML: Hashable, Sendable {
  enum Verb: Hashable, Sendable {
    case say(text: String, times: Int)
    case play(url: String, times: Int)
    case pause(Duration)
    case hangUp
    /// Both ways; what follows runs once the other end closed the socket.
    case connectStream(Stream)
  }

  struct Stream: Hashable, Sendable {
    var url: String
    /// In the document's order.
    var parameters: [Parameter]
  }

  struct Parameter: Hashable, Sendable {
    var name: String
    var value: String
  }

  /// Why a document is refused, with the code that Twilio's debugger would show.
  struct Fault: Error, Hashable, Sendable {
    var code: Int
    var message: String
  }

  /// Most times that `loop` repeats anything.
  private static let loopLimit = 100

  var verbs: [Verb] = []
  /// Verbs that this network does not know, which it skips (Twilio's warning 12200).
  var skipped: [String] = []

  init(_ bytes: [UInt8]) throws(Fault) {
    let root: XMLElement
    do {
      root = try XMLReader.read(bytes)
    } catch {
      throw Fault(code: 12100, message: "\(error.message) (byte \(error.offset))")
    }
    guard root.name == "Response" else { throw Fault(code: 12100, message: "The root element is not <Response>.") }
    for element in root.children { try add(element) }
  }

  private mutating func add(_ element: XMLElement) throws(Fault) {
    switch element.name {
    case "Say": verbs.append(.say(text: element.text, times: try TwiML.loop(element)))
    case "Play":
      guard element.text.hasPrefix("http://") || element.text.hasPrefix("https://") else {
        throw Fault(code: 11100, message: "<Play> has no URL.")
      }
      verbs.append(.play(url: element.text, times: try TwiML.loop(element)))
    case "Pause":
      verbs.append(.pause(.seconds(try TwiML.number(element, "length", in: 1...600, standard: 1))))
    case "Hangup": verbs.append(.hangUp)
    case "Connect":
      guard let stream = element.children.first, stream.name == "Stream", element.children.count == 1 else {
        throw Fault(code: 12200, message: "<Connect> holds one <Stream>.")
      }
      verbs.append(.connectStream(try TwiML.stream(stream)))
    default: skipped.append(element.name)
    }
  }

  private static func stream(_ element: XMLElement) throws(Fault) -> Stream {
    guard let url = element.attributes["url"], url.hasPrefix("wss://") || url.hasPrefix("ws://") else {
      throw Fault(code: 31922, message: "<Stream> has no wss:// URL.")
    }
    guard [nil, "inbound_track"].contains(element.attributes["track"]) else {
      throw Fault(code: 31941, message: "A <Stream> in <Connect> carries the inbound track only.")
    }
    var parameters: [Parameter] = []
    for child in element.children {
      guard child.name == "Parameter", let name = child.attributes["name"] else {
        throw Fault(code: 12200, message: "A <Stream> holds <Parameter> elements with a name.")
      }
      parameters.append(Parameter(name: name, value: child.attributes["value"] ?? ""))
    }
    return Stream(url: url, parameters: parameters)
  }

  private static func loop(_ element: XMLElement) throws(Fault) -> Int {
    let times = try number(element, "loop", in: 0...loopLimit, standard: 1)
    return times == 0 ? loopLimit : times
  }

  private static func number(
    _ element: XMLElement, _ attribute: String, in range: ClosedRange<Int>, standard: Int
  ) throws(Fault) -> Int {
    guard let text = element.attributes[attribute] else { return standard }
    guard let value = Int(text), range.contains(value) else {
      throw Fault(code: 12200, message: "\(attribute)=\"\(text)\" is out of range.")
    }
    return value
  }
}
