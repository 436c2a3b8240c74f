/// Where encoded fields go: `SizeCounter` to learn how long a message gets, `EnvelopeWriter` to write it. Both run over
/// the same code, so the sizes agree.
protocol EnvelopeSink {
  mutating func put(byte: UInt8)
  mutating func put(_ bytes: UnsafeRawBufferPointer)
  mutating func put(varint value: UInt64)
}

struct SizeCounter: EnvelopeSink {
  private(set) var count = 0

  /// Counts bytes that were measured before.
  mutating func skip(_ size: Int) {
    count += size
  }

  mutating func put(byte: UInt8) {
    count += 1
  }

  mutating func put(_ bytes: UnsafeRawBufferPointer) {
    count += bytes.count
  }

  mutating func put(varint value: UInt64) {
    count += (70 - (value | 1).leadingZeroBitCount) / 7
  }
}

struct EnvelopeWriter: EnvelopeSink {
  private let buffer: UnsafeMutableRawBufferPointer
  private(set) var count = 0

  init(_ buffer: UnsafeMutableRawBufferPointer) {
    self.buffer = buffer
  }

  mutating func put(byte: UInt8) {
    precondition(count < buffer.count, "the envelope grew after it was measured")
    buffer[count] = byte
    count += 1
  }

  mutating func put(_ bytes: UnsafeRawBufferPointer) {
    guard !bytes.isEmpty else { return }
    precondition(bytes.count <= buffer.count - count, "the envelope grew after it was measured")
    UnsafeMutableRawBufferPointer(rebasing: buffer[count..<count + bytes.count]).copyMemory(from: bytes)
    count += bytes.count
  }

  mutating func put(varint value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      put(byte: UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    put(byte: UInt8(rest))
  }
}

extension EnvelopeSink {
  // Fields are numbered below 16, so that a tag is one byte. Default values are left out, as proto3 does.

  mutating func field(_ number: UInt8, _ value: UInt64) {
    guard value != 0 else { return }
    put(byte: number << 3)
    put(varint: value)
  }

  mutating func field(_ number: UInt8, _ value: [UInt8]) {
    guard !value.isEmpty else { return }
    put(byte: number << 3 | 2)
    put(varint: UInt64(value.count))
    value.withUnsafeBytes { put($0) }
  }

  mutating func field(_ number: UInt8, _ value: String) {
    guard !value.isEmpty else { return }
    put(byte: number << 3 | 2)
    var value = value
    value.withUTF8 { bytes in
      put(varint: UInt64(bytes.count))
      put(UnsafeRawBufferPointer(bytes))
    }
  }

  /// What goes before a nested message of `size` bytes.
  mutating func prefix(_ number: UInt8, size: Int) {
    put(byte: number << 3 | 2)
    put(varint: UInt64(size))
  }

  mutating func packed(_ number: UInt8, _ values: [UInt64]) {
    guard !values.isEmpty else { return }
    var size = SizeCounter()
    for value in values {
      size.put(varint: value)
    }
    put(byte: number << 3 | 2)
    put(varint: UInt64(size.count))
    for value in values {
      put(varint: value)
    }
  }
}
