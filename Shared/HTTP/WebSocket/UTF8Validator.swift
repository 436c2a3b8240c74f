/// Whether bytes are UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF).
func isValidUTF8(_ bytes: UnsafeRawBufferPointer) -> Bool {
  var index = 0
  let count = bytes.count
  while index < count {
    // Nearly all text here is ASCII: eight bytes at a time.
    while index + 8 <= count,
      bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self) & 0x8080_8080_8080_8080 == 0
    {
      index += 8
    }
    guard index < count else { return true }
    let first = bytes[index]
    if first < 0x80 {
      index += 1
      continue
    }
    let length: Int
    let secondAtLeast: UInt8
    let secondAtMost: UInt8
    switch first {
    case 0xC2...0xDF: (length, secondAtLeast, secondAtMost) = (2, 0x80, 0xBF)
    case 0xE0: (length, secondAtLeast, secondAtMost) = (3, 0xA0, 0xBF)
    case 0xED: (length, secondAtLeast, secondAtMost) = (3, 0x80, 0x9F)
    case 0xE1...0xEF: (length, secondAtLeast, secondAtMost) = (3, 0x80, 0xBF)
    case 0xF0: (length, secondAtLeast, secondAtMost) = (4, 0x90, 0xBF)
    case 0xF1...0xF3: (length, secondAtLeast, secondAtMost) = (4, 0x80, 0xBF)
    case 0xF4: (length, secondAtLeast, secondAtMost) = (4, 0x80, 0x8F)
    default: return false
    }
    guard index + length <= count, (secondAtLeast...secondAtMost).contains(bytes[index + 1]) else { return false }
    for offset in 2..<max(2, length) where bytes[index + offset] & 0xC0 != 0x80 {
      return false
    }
    index += length
  }
  return true
}
