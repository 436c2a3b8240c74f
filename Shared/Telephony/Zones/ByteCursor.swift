/// Reads big-endian numbers off an array and refuses to step over its end.
struct ByteCursor {
  private let bytes: [UInt8]
  private(set) var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var remaining: Int { bytes.count - position }

  /// Returns the next `count` bytes, or throws when there are fewer.
  mutating func take(_ count: Int) throws(TimeZoneFileError) -> ArraySlice<UInt8> {
    guard count >= 0, count <= remaining else { throw TimeZoneFileError("ends before its data does") }
    defer { position += count }
    return bytes[position..<position + count]
  }

  /// Reads a two's complement number of the width of `Number`.
  mutating func integer<Number: FixedWidthInteger>(_ type: Number.Type) throws(TimeZoneFileError) -> Number {
    var value: Number = 0
    for byte in try take(Number.bitWidth / 8) { value = value << 8 | Number(truncatingIfNeeded: byte) }
    return value
  }
}

/// Why a time-zone file cannot be trusted. Whoever asked for the zone must act as if there were none.
struct TimeZoneFileError: Error, Hashable, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
