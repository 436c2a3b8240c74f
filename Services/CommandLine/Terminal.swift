import Glibc
import JSON

/// Where output goes, and how it should look there.
struct Terminal: Sendable {
  /// Answers are printed as JSON, for programs.
  var asJSON: Bool
  /// Standard output is a terminal: lines may be drawn over.
  let isInteractive: Bool

  init(asJSON: Bool) {
    self.asJSON = asJSON
    isInteractive = isatty(STDOUT_FILENO) == 1
  }

  func line(_ text: String) { write(text + "\n", to: STDOUT_FILENO) }

  func json(_ value: JSONValue) { line(value.serialize(pretty: true)) }

  func error(_ text: String) { write("ringmaster: \(text)\n", to: STDERR_FILENO) }

  /// Draws over the line before; does nothing where that cannot be done.
  func status(_ text: String) {
    guard isInteractive && !asJSON else { return }
    write("\r\u{1B}[K" + text, to: STDOUT_FILENO)
  }

  /// The last `status` stays.
  func endStatus() {
    guard isInteractive && !asJSON else { return }
    write("\n", to: STDOUT_FILENO)
  }

  /// Bytes as they are.
  func raw(_ bytes: [UInt8]) { write(bytes[...], to: STDOUT_FILENO) }

  private func write(_ text: String, to descriptor: Int32) { write(Array(text.utf8)[...], to: descriptor) }

  private func write(_ all: ArraySlice<UInt8>, to descriptor: Int32) {
    var bytes = all
    while !bytes.isEmpty {
      let written = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      guard written > 0 else { return }  // Nobody reads any more: `ringmaster … | head`.
      bytes = bytes.dropFirst(written)
    }
  }
}
