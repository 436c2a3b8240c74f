/// One telephone frame: 20 ms of G.711 µ-law at 8 kHz, one byte a sample.
enum AudioFrame {
  static let bytes = 160
  static let milliseconds = 20
  static let perSecond = 50
  static let bytesPerMillisecond = 8
  /// The µ-law byte of sample 0.
  static let silence: UInt8 = 0xFF
  static let silent = [UInt8](repeating: silence, count: bytes)

  /// Whole frames in `duration`, rounded down.
  static func count(in duration: Duration) -> Int {
    Int(duration.components.seconds) * perSecond
      + Int(duration.components.attoseconds / 1_000_000_000_000_000) / milliseconds
  }

  static func count(milliseconds: Int) -> Int { milliseconds / AudioFrame.milliseconds }

  /// Audio time of `count` frames.
  static func duration(of count: Int) -> Duration { .milliseconds(count * milliseconds) }
}
