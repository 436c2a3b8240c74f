/// Puts frames together to messages and checks what RFC 6455 asks of them. Pure: bytes in, events out.
struct MessageAssembler {
  enum Event: Equatable {
    case message(WebSocketMessage)
    case ping([UInt8])
    case pong
    /// 1005 stands for a close frame without a code.
    case close(WebSocketCloseCode, reason: String)
  }

  private let role: WebSocketRole
  private let limit: Int
  /// The data frame whose payload is arriving, and how much of it has been taken.
  private var frame: WebSocketFrameHeader?
  private var taken = 0
  /// The opcode of the message that is arriving.
  private var opcode: WebSocketOpcode?
  private var payload: [UInt8] = []

  /// - Parameter limit: Bytes in one message.
  init(role: WebSocketRole, limit: Int) {
    self.role = role
    self.limit = limit
  }

  /// The next event in `buffer`, whose bytes it consumes; nil when more bytes are needed.
  mutating func next(_ buffer: ReadBuffer) throws(WebSocketFault) -> Event? {
    while true {
      if let frame {
        guard let event = try takePayload(of: frame, buffer) else {
          if self.frame != nil {
            return nil
          }
          continue
        }
        return event
      }
      guard let header = try WebSocketFrameHeader.parse(buffer.readable, receiver: role) else { return nil }
      if header.opcode.isControl {
        guard buffer.count >= header.headerLength + header.length else { return nil }
        buffer.consume(header.headerLength)
        if let mask = header.mask {
          let bytes = UnsafeMutableRawBufferPointer(rebasing: buffer.mutableReadable.prefix(header.length))
          WebSocketFrameHeader.applyMask(mask, to: bytes, offset: 0)
        }
        return try control(header.opcode, buffer.take(header.length))
      }
      try begin(header)
      buffer.consume(header.headerLength)
    }
  }

  private mutating func begin(_ header: WebSocketFrameHeader) throws(WebSocketFault) {
    if header.opcode == .continuation {
      guard opcode != nil else {
        throw WebSocketFault(code: .protocolError, reason: "continuation of nothing")
      }
    } else {
      guard opcode == nil else {
        throw WebSocketFault(code: .protocolError, reason: "message inside a message")
      }
      opcode = header.opcode
    }
    guard header.length <= limit - payload.count else {
      throw WebSocketFault(code: .messageTooBig, reason: "more than \(limit) bytes")
    }
    frame = header
    taken = 0
  }

  /// Takes what is there of a data frame. Nil with `frame` gone means that the frame, but not the message, has ended.
  private mutating func takePayload(
    of header: WebSocketFrameHeader, _ buffer: ReadBuffer
  ) throws(WebSocketFault) -> Event? {
    let count = min(header.length - taken, buffer.count)
    if count > 0 {
      let bytes = UnsafeMutableRawBufferPointer(rebasing: buffer.mutableReadable.prefix(count))
      if let mask = header.mask {
        WebSocketFrameHeader.applyMask(mask, to: bytes, offset: taken)
      }
      payload.append(contentsOf: bytes)
      buffer.consume(count)
      taken += count
    }
    guard taken == header.length else { return nil }
    frame = nil
    guard header.isFinal else { return nil }
    defer { opcode = nil }
    let complete = payload
    payload = []
    guard opcode == .text else { return .message(.binary(complete)) }
    guard complete.withUnsafeBytes({ isValidUTF8($0) }) else {
      throw WebSocketFault(code: .invalidData, reason: "text that is not UTF-8")
    }
    return .message(.text(complete))
  }

  private func control(_ opcode: WebSocketOpcode, _ payload: [UInt8]) throws(WebSocketFault) -> Event {
    switch opcode {
    case .ping: return .ping(payload)
    case .pong: return .pong
    case .close: return try close(payload)
    case .continuation, .text, .binary: preconditionFailure("not a control frame")
    }
  }

  private func close(_ payload: [UInt8]) throws(WebSocketFault) -> Event {
    if payload.isEmpty {
      return .close(WebSocketCloseCode(rawValue: 1005), reason: "")
    }
    guard payload.count >= 2 else {
      throw WebSocketFault(code: .protocolError, reason: "close frame of one byte")
    }
    let code = UInt16(payload[0]) << 8 | UInt16(payload[1])
    switch code {
    case 1000...1003, 1007...1014, 3000...4999: break
    default: throw WebSocketFault(code: .protocolError, reason: "close code \(code)")
    }
    let reason = payload[2...]
    guard reason.withUnsafeBytes({ isValidUTF8($0) }) else {
      throw WebSocketFault(code: .invalidData, reason: "close reason that is not UTF-8")
    }
    return .close(WebSocketCloseCode(rawValue: code), reason: String(decoding: reason, as: UTF8.self))
  }
}
