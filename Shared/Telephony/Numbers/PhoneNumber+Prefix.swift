extension PhoneNumber {
  /// How many of a number's first digits (E.164, without "+") decide where it can be: numbers of one length that share
  /// them are in the same zones, states and countries. For whoever looks at very many numbers and has parsed one of each.
  ///
  /// Beyond what the tables of prefixes tell, whether numbers are in use is decided by area codes in North America and, near
  /// enough, by six digits elsewhere. Nobody is called by this: a call's number is parsed.
  public static func decidingDigits(of digits: UnsafeRawBufferPointer) -> Int {
    let fewest = digits.first == UInt8(ascii: "1") ? 4 : 6
    return min(digits.count, max(fewest, PrefixTable.timeZones.longestMatch(in: digits)))
  }
}

extension PrefixTable {
  /// The length of the longest prefix of some ASCII digits that the data knows; 0 when it knows none.
  func longestMatch(in digits: UnsafeRawBufferPointer) -> Int {
    var length = min(digits.count, longestPrefix)
    var prefix: UInt32 = 0
    for digit in digits.prefix(length) {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return 0 }
      prefix = prefix * 10 + UInt32(digit - UInt8(ascii: "0"))
    }
    while length > 0, index(of: prefix) == nil {
      prefix /= 10
      length -= 1
    }
    return length
  }
}
