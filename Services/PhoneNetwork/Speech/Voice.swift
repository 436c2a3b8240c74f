/// The sound that speech is carried on: signs and exponents of a voiced vowel, and the tone of a mailbox.
enum Voice {
  /// Sign and exponent of each sample of a frame, in the place where a µ-law byte has them, before inversion. Index 0 is
  /// the body of a word, 1 its softer first and last frame.
  private static let carriers: [[UInt8]] = [carrier(quieterBy: 0), carrier(quieterBy: 1)]

  /// A glottal pulse every 64 samples (125 Hz) that dies away over a formant of 500 Hz.
  private static func carrier(quieterBy loss: UInt8) -> [UInt8] {
    (0..<AudioFrame.bytes).map { sample in
      let phase = sample % 64
      let exponent: UInt8 = phase < 10 ? 5 : phase < 24 ? 4 : phase < 44 ? 3 : 2
      let sign: UInt8 = phase / 8 % 2 == 0 ? 0 : 0x80
      return sign | (exponent - loss) << 4
    }
  }

  /// Appends a frame whose mantissas are the nibbles of `payload`.
  static func append(payload: UnsafeRawBufferPointer, part: Int, of parts: Int, to audio: inout [UInt8]) {
    let isEdge = part == 0 || part == parts - 1
    let start = audio.count
    audio.append(contentsOf: carriers[isEdge ? 1 : 0])
    audio.withUnsafeMutableBufferPointer { buffer in
      for index in 0..<SpeechFrame.payloadBytes {
        let place = start + index * 2
        buffer[place] = ~(buffer[place] | payload[index] >> 4)
        buffer[place + 1] = ~(buffer[place + 1] | payload[index] & 0xF)
      }
    }
  }

  /// One frame of a mailbox's beep: a square tone of 1000 Hz (eight samples a period), which no speech resembles.
  static let beepFrame: [UInt8] = (0..<AudioFrame.bytes).map { MuLaw.encode($0 % 8 < 4 ? beepLevel : -beepLevel) }

  private static let beepLevel: Int16 = 6_000

  /// Whether a frame is a pure tone: every sample as loud as the next, which speech never is.
  static func isTone(_ audio: UnsafeBufferPointer<UInt8>) -> Bool {
    guard let first = audio.first, first & 0x7F != 0x7F else { return false }
    return audio.allSatisfy { $0 & 0x7F == first & 0x7F }
  }
}
