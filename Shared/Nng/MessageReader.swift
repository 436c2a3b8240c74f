/// Cuts what is read from a stream into messages. One thread at a time.
struct MessageReader: ~Copyable {
  /// Most reads fit, whatever they bring; a larger message is read into memory of its own.
  private static let bufferBytes = 64 << 10

  private let framing: Framing
  private let limit: Int
  private let buffer: UnsafeMutableRawBufferPointer
  /// Bytes in `buffer` that no message has used up.
  private var filled = 0
  /// The body of a message that does not fit in `buffer`, and how much of it is there.
  private var large: UnsafeMutableRawBufferPointer?
  private var largeFilled = 0
  private var hasGreeting = false

  /// - Parameter limit: The longest body that is taken, request included.
  init(_ framing: Framing, limit: Int) {
    self.framing = framing
    self.limit = limit
    buffer = .allocate(byteCount: MessageReader.bufferBytes, alignment: 16)
  }

  deinit {
    buffer.deallocate()
    large?.deallocate()
  }

  /// Where the next read goes; never empty.
  var room: UnsafeMutableRawBufferPointer {
    if let large {
      return UnsafeMutableRawBufferPointer(rebasing: large[largeFilled...])
    }
    return UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
  }

  /// `count` bytes were read into `room`: hands out, in their order, what is complete now.
  ///
  /// - Parameters:
  ///   - greet: Is given the other end's greeting, once. Like `deliver` it says whether to go on.
  ///   - deliver: Is given a request and a body, which is valid in the call only.
  mutating func take(
    _ count: Int, greet: (UnsafeRawBufferPointer) -> Bool, deliver: (RequestID, UnsafeRawBufferPointer) -> Bool
  ) throws(Framing.Malformed) {
    if let body = large {
      largeFilled += count
      guard largeFilled == body.count else { return }
      large = nil
      defer { body.deallocate() }
      _ = try hand(UnsafeRawBufferPointer(body), to: deliver)
      return
    }
    filled += count
    var offset = 0
    if !hasGreeting {
      guard filled >= Framing.greetingBytes else { return }
      hasGreeting = true
      offset = Framing.greetingBytes
      guard greet(UnsafeRawBufferPointer(rebasing: buffer[..<offset])) else { return }
    }
    while filled - offset >= framing.headerBytes, let start = buffer.baseAddress {
      let length = try framing.length(start + offset, limit: limit)
      let body = offset + framing.headerBytes
      if filled - body >= length {
        offset = body + length
        guard try hand(UnsafeRawBufferPointer(rebasing: buffer[body..<offset]), to: deliver) else { return }
      } else if framing.headerBytes + length > buffer.count {
        setAside(length, from: body)
        return
      } else {
        break
      }
    }
    keep(from: offset)
  }

  private func hand(
    _ body: UnsafeRawBufferPointer, to deliver: (RequestID, UnsafeRawBufferPointer) -> Bool
  ) throws(Framing.Malformed) -> Bool {
    guard let request = RequestID(wire: UInt32(bigEndian: body.loadUnaligned(as: UInt32.self))) else {
      throw Framing.Malformed()
    }
    return deliver(request, UnsafeRawBufferPointer(rebasing: body[RequestID.byteCount...]))
  }

  /// Begins a message that is larger than the buffer, with what has come of it.
  private mutating func setAside(_ length: Int, from start: Int) {
    let body = UnsafeMutableRawBufferPointer.allocate(byteCount: length, alignment: 16)
    body.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[start..<filled]))
    large = body
    largeFilled = filled - start
    filled = 0
  }

  private mutating func keep(from offset: Int) {
    guard offset > 0, let start = buffer.baseAddress else { return }
    filled -= offset
    start.copyMemory(from: start + offset, byteCount: filled)
  }
}
