/// Byte classes of RFC 9110 and RFC 9112, and comparisons that ignore the case of ASCII letters only.

/// `tchar`: what names and methods are made of.
@inline(__always)
func isTokenByte(_ byte: UInt8) -> Bool {
  // One bit per byte: ! # $ % & ' * + - . 0-9, then A-Z ^ _ ` a-z | ~.
  let low: UInt64 = 0x03ff_6cfa_0000_0000
  let high: UInt64 = 0x57ff_ffff_c7ff_fffe
  return byte < 64 ? (low >> UInt64(byte)) & 1 == 1 : byte < 128 && (high >> UInt64(byte - 64)) & 1 == 1
}

/// What a field value may hold: visible ASCII, space, tab and bytes above 127.
@inline(__always)
func isFieldValueByte(_ byte: UInt8) -> Bool {
  (byte >= 32 && byte != 127) || byte == 9
}

@inline(__always)
func lowercased(_ byte: UInt8) -> UInt8 {
  byte &- 65 < 26 ? byte | 32 : byte
}

@inline(__always)
func isDigit(_ byte: UInt8) -> Bool {
  byte &- 48 < 10
}

/// The value of a hexadecimal digit.
func hexadecimalValue(_ byte: UInt8) -> UInt8? {
  switch byte {
  case 48...57: byte - 48
  case 65...70: byte - 55
  case 97...102: byte - 87
  default: nil
  }
}

func equalIgnoringCase(_ left: some Sequence<UInt8>, _ right: some Sequence<UInt8>) -> Bool {
  left.elementsEqual(right) { lowercased($0) == lowercased($1) }
}

/// Without the spaces and tabs at both ends.
func trimmed<Bytes: BidirectionalCollection<UInt8>>(_ bytes: Bytes) -> Bytes.SubSequence {
  var slice = bytes[...]
  while let first = slice.first, first == 32 || first == 9 {
    slice.removeFirst()
  }
  while let last = slice.last, last == 32 || last == 9 {
    slice.removeLast()
  }
  return slice
}
