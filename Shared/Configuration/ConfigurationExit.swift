/// Why a program ends right after reading its configuration: it was asked for help or a check, or there are faults.
public struct ConfigurationExit: Error, Hashable, Sendable, CustomStringConvertible {
  /// What to print, with its line end: to standard output when the status is 0, else to standard error.
  public var output: String
  /// 0 after `--help` and `--check-config` without faults, 78 (`EX_CONFIG` of sysexits.h) when there are faults.
  public var exitCode: Int32

  public init(output: String, exitCode: Int32) {
    self.output = output
    self.exitCode = exitCode
  }

  public var description: String { output }
}
