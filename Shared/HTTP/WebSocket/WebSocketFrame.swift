/// The framing of RFC 6455 section 5: headers in and out, masking. Pure.
enum WebSocketOpcode: UInt8 {
  case continuation = 0
  case text = 1
  case binary = 2
  case close = 8
  case ping = 9
  case pong = 10

  var isControl: Bool { rawValue >= 8 }
}

enum WebSocketRole: Sendable {
  case client
  case server
}

/// Why a frame or message makes this end close the socket.
struct WebSocketFault: Error, Equatable {
  var code: WebSocketCloseCode
  var reason: String
}

struct WebSocketFrameHeader: Equatable {
  var isFinal: Bool
  var opcode: WebSocketOpcode
  /// Four bytes in memory order; nil on frames from a server.
  var mask: UInt32?
  var length: Int
  /// Bytes that the header itself takes.
  var headerLength: Int

  /// - Parameters:
  ///   - bytes: What has arrived, starting at a frame.
  ///   - receiver: Who reads: a server's frames come masked, a client's do not.
  /// - Returns: Nil while the header is not complete.
  static func parse(
    _ bytes: UnsafeRawBufferPointer, receiver: WebSocketRole
  ) throws(WebSocketFault) -> WebSocketFrameHeader? {
    guard bytes.count >= 2 else { return nil }
    let first = bytes[0]
    let second = bytes[1]
    guard first & 0x70 == 0, let opcode = WebSocketOpcode(rawValue: first & 15) else {
      throw WebSocketFault(code: .protocolError, reason: "reserved bit or opcode")
    }
    let isFinal = first & 0x80 != 0
    let isMasked = second & 0x80 != 0
    guard isMasked == (receiver == .server) else {
      throw WebSocketFault(code: .protocolError, reason: isMasked ? "masked server frame" : "unmasked client frame")
    }
    var length = Int(second & 127)
    var headerLength = 2
    if opcode.isControl && (!isFinal || length > 125) {
      throw WebSocketFault(code: .protocolError, reason: "control frame fragmented or too long")
    }
    if length == 126 {
      guard bytes.count >= 4 else { return nil }
      length = Int(bytes[2]) << 8 | Int(bytes[3])
      headerLength = 4
      guard length >= 126 else { throw notMinimal }
    } else if length == 127 {
      guard bytes.count >= 10 else { return nil }
      let wide = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 2, as: UInt64.self))
      guard wide <= UInt64(Int.max) else {
        throw WebSocketFault(code: .protocolError, reason: "length out of range")
      }
      length = Int(wide)
      headerLength = 10
      guard length > 65_535 else { throw notMinimal }
    }
    var mask: UInt32?
    if isMasked {
      guard bytes.count >= headerLength + 4 else { return nil }
      mask = bytes.loadUnaligned(fromByteOffset: headerLength, as: UInt32.self)
      headerLength += 4
    }
    return WebSocketFrameHeader(
      isFinal: isFinal, opcode: opcode, mask: mask, length: length, headerLength: headerLength)
  }

  private static var notMinimal: WebSocketFault {
    WebSocketFault(code: .protocolError, reason: "length not in its shortest form")
  }

  /// Appends one unfragmented frame.
  static func append(
    _ opcode: WebSocketOpcode, _ payload: UnsafeRawBufferPointer, mask: UInt32?, to output: inout [UInt8]
  ) {
    let maskBit: UInt8 = mask == nil ? 0 : 0x80
    output.append(0x80 | opcode.rawValue)
    if payload.count < 126 {
      output.append(maskBit | UInt8(payload.count))
    } else if payload.count <= 65_535 {
      output.append(maskBit | 126)
      output.append(UInt8(payload.count >> 8))
      output.append(UInt8(truncatingIfNeeded: payload.count))
    } else {
      output.append(maskBit | 127)
      withUnsafeBytes(of: UInt64(payload.count).bigEndian) { output.append(contentsOf: $0) }
    }
    guard let mask else {
      output.append(contentsOf: payload)
      return
    }
    withUnsafeBytes(of: mask) { output.append(contentsOf: $0) }
    let start = output.count
    output.append(contentsOf: payload)
    output.withUnsafeMutableBytes { bytes in
      applyMask(mask, to: UnsafeMutableRawBufferPointer(rebasing: bytes[start...]), offset: 0)
    }
  }

  /// Masks or unmasks, which is the same. `offset` is how much of the frame's payload came before these bytes.
  static func applyMask(_ mask: UInt32, to bytes: UnsafeMutableRawBufferPointer, offset: Int) {
    // Turn the key so that it fits the first byte here.
    let shift = UInt32(offset & 3) * 8
    let key = shift == 0 ? mask : mask >> shift | mask << (32 - shift)
    let wide = UInt64(key) | UInt64(key) << 32
    var index = 0
    while index + 8 <= bytes.count {
      let value = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
      bytes.storeBytes(of: value ^ wide, toByteOffset: index, as: UInt64.self)
      index += 8
    }
    while index < bytes.count {
      bytes[index] ^= UInt8(truncatingIfNeeded: key >> (UInt32(index & 3) * 8))
      index += 1
    }
  }
}
