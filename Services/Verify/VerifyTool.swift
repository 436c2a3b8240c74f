import Core
import Glibc

/// The command `ringmaster-verify FILE`.
public struct VerifyTool {
  public static let clean: Int32 = 0
  public static let faulty: Int32 = 1
  public static let usage: Int32 = 64
  public static let unreadable: Int32 = 66

  static let help = """
    ringmaster-verify: checks a proof of compliance offline

    Usage: ringmaster-verify FILE     "-" reads standard input; ringmaster proof export CAMPAIGN writes a proof

    Asks of every call that was permitted: was it within the campaign's windows and the law's hours in every zone where
    the person could be; was there consent, and no do-not-call entry; were attempts, days and minutes within their
    limits; was no attempt made twice; was it granted before it was placed, and placed before it ran out; and is the
    chain of hashes whole.

    Exit codes: 0 every line holds, 1 one or more do not, 64 wrong usage, 66 the file cannot be read.
    """

  /// Checks a file and prints what it found.
  ///
  /// - Returns: The process's exit code.
  public static func run(_ arguments: [String]) -> Int32 {
    guard arguments.count == 1, let path = arguments.first, path != "--help", path != "-h" else {
      print(help)
      return arguments.contains("--help") || arguments.contains("-h") ? clean : usage
    }
    guard let report = verify(path: path) else {
      let reason = unsafe String(cString: strerror(errno))
      print("ringmaster-verify: \(path) cannot be read: \(reason)")
      return unreadable
    }
    for line in lines(report) { print(line) }
    return report.isClean ? clean : faulty
  }

  private static func lines(_ report: ProofVerifier.Report) -> [String] {
    var lines = report.findings.map(\.description)
    let more = report.faults - report.findings.count
    if more > 0 { lines.append("… and \(more) more") }
    lines.append(
      "\(report.rows) lines: \(report.campaigns) campaign versions, \(report.doNotCall) do-not-call entries, "
        + "\(report.leads) leads, \(report.permits) permits (\(report.placed) placed, \(report.withdrawn) withdrawn)")
    lines.append("seal: \(report.seal)")
    lines.append(
      report.isClean
        ? "OK: every permit was lawful when it was granted, and the chain is whole"
        : "FAILED: \(report.faults) fault\(report.faults == 1 ? "" : "s")")
    return lines
  }

  /// Nil when the file cannot be read; `errno` says why.
  private static func verify(path: String) -> ProofVerifier.Report? {
    let descriptor = unsafe path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { if path != "-" { close(descriptor) } }
    var verifier = ProofVerifier()
    var rest: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = unsafe buffer.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
      guard count >= 0 else { return nil }
      if count == 0 { break }
      rest += buffer[..<count]
      var start = rest.startIndex
      while let end = rest[start...].firstIndex(of: 0x0A) {
        verifier.take(rest[start..<end])
        start = end + 1
      }
      rest.removeSubrange(..<start)
    }
    if !rest.isEmpty { verifier.take(rest[...]) }
    return verifier.finish()
  }
}
