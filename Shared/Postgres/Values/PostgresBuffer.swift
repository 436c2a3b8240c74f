/// Bytes of values on their way to the server, in network byte order.
public struct PostgresBuffer: Sendable {
  @usableFromInline var bytes: [UInt8] = []

  @inlinable init() {}

  public var count: Int { bytes.count }

  @inlinable public mutating func append(byte: UInt8) {
    bytes.append(byte)
  }

  @inlinable public mutating func append(_ value: some FixedWidthInteger) {
    withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
  }

  @inlinable public mutating func append(_ content: [UInt8]) {
    bytes.append(contentsOf: content)
  }

  @inlinable public mutating func append(_ content: UnsafeRawBufferPointer) {
    bytes.append(contentsOf: content)
  }

  @inlinable public mutating func append(utf8 text: String) {
    bytes.append(contentsOf: text.utf8)
  }

  /// Appends a length word and what `body` appends, as every value in COPY and in arrays goes.
  @inlinable mutating func appendCounted(_ body: (inout PostgresBuffer) -> Void) {
    let start = bytes.count
    append(Int32(0))
    body(&self)
    patch(Int32(truncatingIfNeeded: bytes.count - start - 4), at: start)
  }

  @inlinable mutating func patch(_ value: Int32, at offset: Int) {
    let word = UInt32(bitPattern: value)
    bytes[offset] = UInt8(truncatingIfNeeded: word >> 24)
    bytes[offset + 1] = UInt8(truncatingIfNeeded: word >> 16)
    bytes[offset + 2] = UInt8(truncatingIfNeeded: word >> 8)
    bytes[offset + 3] = UInt8(truncatingIfNeeded: word)
  }

  mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
  }
}
