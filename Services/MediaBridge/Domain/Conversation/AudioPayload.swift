/// Base-64 µ-law audio, 8 kHz mono, where it stands in the message that brought it: nothing is decoded or copied.
struct AudioPayload: Hashable, Sendable {
  /// The whole message.
  var message: [UInt8]
  /// The base 64 in it.
  var range: Range<Int>

  /// Bytes of audio: three for four characters, less the padding.
  var byteCount: Int {
    var count = range.count / 4 * 3 + max(range.count % 4 - 1, 0)
    var end = range.upperBound
    while range.count % 4 == 0, end > range.lowerBound, end > range.upperBound - 2,
      message[end - 1] == UInt8(ascii: "=")
    {
      count -= 1
      end -= 1
    }
    return count
  }

  /// One byte lasts an eighth of a millisecond.
  static let bytesPerMillisecond = 8
}
