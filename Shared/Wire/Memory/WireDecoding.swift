internal import CProtobuf

/// Copies out of what protobuf-c unpacked. For generated code.
package enum WireDecoding {
  /// The string, checked: it is UTF-8 and holds no NUL. `pointer` is protobuf-c's shared empty string or a block of
  /// the arena, whose size tells the length.
  package static func string(_ pointer: UnsafeMutablePointer<CChar>?, _ field: StaticString) throws(WireError)
    -> String
  {
    guard let pointer, pointer != emptyString.pointer else { return "" }
    let count = (UnsafeRawPointer(pointer) - ArenaState.sizeOfSize).load(as: Int.self) - 1
    // Not `String(validating:as:)`: that looks up generic metadata on each call, 60 ns of it (measured).
    guard let string = String(validatingCString: pointer) else { throw WireError(message: "\(field): not UTF-8") }
    if string.utf8.count != count { throw WireError(message: "\(field): holds a NUL character") }
    return string
  }

  package static func bytes(_ data: UnsafeMutablePointer<UInt8>?, _ count: Int) -> [UInt8] {
    count == 0 ? [] : Array(UnsafeBufferPointer(start: data, count: count))
  }

  /// The unknown fields of an unpacked message, in the order of the wire. protobuf-c lets field numbers pass that
  /// protobuf does not have; they are refused.
  package static func unknownFields(_ message: UnsafeMutableRawPointer, _ fullName: String) throws(WireError)
    -> UnknownFields
  {
    let base = message.assumingMemoryBound(to: ProtobufCMessage.self)
    var bytes: [UInt8] = []
    for field in UnsafeBufferPointer(start: base.pointee.unknown_fields, count: Int(base.pointee.n_unknown_fields)) {
      guard (1..<1 << 29).contains(field.tag) else { throw WireError(message: "\(fullName): malformed bytes") }
      WireVarint.append(UInt64(field.tag) << 3 | UInt64(field.wire_type.rawValue), to: &bytes)
      // For length-prefixed fields protobuf-c counts the prefix as data.
      bytes.append(contentsOf: UnsafeBufferPointer(start: field.data, count: field.len))
    }
    return UnknownFields(bytes: bytes)
  }

  /// What protobuf-c makes unset strings point at. A constant of the library, so any thread may compare with it.
  private struct EmptyString: @unchecked Sendable { let pointer: UnsafeMutablePointer<CChar> }
  private static let emptyString = EmptyString(pointer: UnsafeMutablePointer(mutating: cprotobuf_empty_string()))
}
