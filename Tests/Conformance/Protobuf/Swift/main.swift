// The Swift side of the conformance test: answers requests on standard input about any message type. `compare.py` is
// the other side, with Google's Python protobuf.
//
// A frame is its length (4 bytes, big endian) and as many bytes. A request is an operation (1 byte), the length of a
// type's name (1 byte), the name, and the payload; a response is 0 and the payload, or 1 and an error's text.
import ConformanceMessages
import Glibc
import JSON
import RingmasterMessages
import Wire

enum Operation: UInt8 {
  /// Names of all types, one a line.
  case types = 0x54
  /// Wire format to wire format.
  case recode = 0x52
  /// Wire format to JSON.
  case toJSON = 0x4A
  /// JSON to wire format.
  case fromJSON = 0x57
  /// Two wire formats, the first preceded by its length (4 bytes, big endian), to "equal" or "different".
  case compare = 0x43
}

struct RequestError: Error, CustomStringConvertible {
  var description: String
}

let allTypes = RingmasterMessages.MessageRegistry.all + ConformanceMessages.MessageRegistry.all

func messageType(_ name: String) throws -> any WireMessage.Type {
  guard
    let type = RingmasterMessages.MessageRegistry.type(named: name)
      ?? ConformanceMessages.MessageRegistry.type(named: name)
  else { throw RequestError(description: "no type \(name)") }
  return type
}

func equal<Message: WireMessage>(_: Message.Type, _ left: ArraySlice<UInt8>, _ right: ArraySlice<UInt8>) throws -> Bool
{
  let (left, right) = (try Message.decode(left), try Message.decode(right))
  return left == right && left.hashValue == right.hashValue && left.encoded() == right.encoded()
}

func answer(_ request: [UInt8]) throws -> [UInt8] {
  guard request.count >= 2, let operation = Operation(rawValue: request[0]), request.count >= 2 + Int(request[1]) else {
    throw RequestError(description: "malformed request")
  }
  let end = 2 + Int(request[1])
  let name = String(decoding: request[2..<end], as: UTF8.self)
  let payload = request[end...]
  switch operation {
  case .types: return Array(allTypes.map { $0.fullName }.joined(separator: "\n").utf8)
  case .recode: return try messageType(name).decode(payload).encoded()
  case .toJSON: return try messageType(name).decode(payload).json.serializedBytes()
  case .fromJSON: return try messageType(name).init(json: JSONValue.parse(Array(payload))).encoded()
  case .compare:
    let count = payload.prefix(4).reduce(0) { $0 << 8 | Int($1) }
    let messages = payload.dropFirst(4)
    let result = try equal(messageType(name), messages.prefix(count), messages.dropFirst(count))
    return Array((result ? "equal" : "different").utf8)
  }
}

func readExactly(_ count: Int) -> [UInt8]? {
  var bytes = [UInt8](repeating: 0, count: count)
  var filled = 0
  while filled < count {
    let received = bytes.withUnsafeMutableBytes { buffer in
      let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
      return read(STDIN_FILENO, rest.baseAddress, rest.count)
    }
    if received <= 0 { return nil }
    filled += received
  }
  return bytes
}

func writeAll(_ bytes: [UInt8]) -> Bool {
  var rest = bytes[...]
  while !rest.isEmpty {
    let count = rest.withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
    if count <= 0 { return false }
    rest = rest.dropFirst(count)
  }
  return true
}

while let header = readExactly(4), let request = readExactly(header.reduce(0) { $0 << 8 | Int($1) }) {
  var response: [UInt8]
  do {
    response = [0] + (try answer(request))
  } catch {
    response = [1] + Array("\(error)".utf8)
  }
  let count = UInt32(response.count)
  let prefix = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: count >> $0) }
  guard writeAll(prefix + response) else { break }
}
