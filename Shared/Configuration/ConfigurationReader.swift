import Core

/// Reads the settings of a program from environment variables and flags.
///
/// Every variable `RINGMASTER_FOO_BAR` is also the flag `--foo-bar value` or `--foo-bar=value`; the flag wins. A
/// variable that is empty counts as not set. Each call declares one setting, with what `--help` says of it, and returns
/// its value. A value with a fault is noted, and the default (or some other harmless value) returned instead: nothing may
/// be done with the values before `finish()` has returned.
public struct ConfigurationReader: Sendable {
  let service: String
  let summary: String
  private let environment: [String: String]
  private var flags: FlagParser
  private var group = "Settings"
  private(set) var settings: [Setting] = []
  private var faults: [String] = []

  /// What is odd but does no harm, known once `finish()` has returned: for the log.
  public private(set) var warnings: [String] = []

  /// - Parameters:
  ///   - service: The program's name: `auto-dialer`.
  ///   - summary: One sentence for `--help`.
  ///   - arguments: Without the program's own name.
  public init(service: String, summary: String, environment: [String: String], arguments: [String]) {
    self.service = service
    self.summary = summary
    self.environment = environment
    flags = FlagParser(arguments)
  }

  /// The heading in `--help` of whatever is declared next.
  public mutating func group(_ title: String) {
    group = title
  }

  /// Notes a fault that lies between settings: "RINGMASTER_A must be set when RINGMASTER_B is".
  public mutating func fault(_ message: String) {
    faults.append(message)
  }

  /// Whether a setting that was declared was given, well or badly, by flag or variable.
  public func isSet(_ variable: String) -> Bool {
    settings.contains { $0.variable == variable && $0.source != .fallback }
  }

  /// Ends the reading.
  ///
  /// Throws: `ConfigurationExit` when there are faults (all of them are in it), or `--help` or `--check-config` was given.
  public mutating func finish() throws(ConfigurationExit) {
    if flags.wantsHelp {
      let help = HelpText(service: service, summary: summary, settings: settings)
      throw ConfigurationExit(output: help.text, exitCode: 0)
    }
    let names = settings.map(\.variable)
    faults += flags.unknown(declared: settings.map(\.flag))
    warnings = UnknownVariables.warnings(service: service, environment: environment, declared: names)
    guard faults.isEmpty else {
      let heading = faults.count == 1 ? "1 fault" : "\(faults.count) faults"
      let lines = faults.map { "  - \($0)\n" }.joined()
      let hint = "Run \(service) --help to see every setting.\n"
      throw ConfigurationExit(output: "\(service): \(heading) in the configuration\n\(lines)\(hint)", exitCode: 78)
    }
    if flags.wantsCheck {
      let check = CheckText(service: service, settings: settings, warnings: warnings)
      throw ConfigurationExit(output: check.text, exitCode: 0)
    }
  }

  /// Declares a setting and reads its text.
  ///
  /// - Parameters:
  ///   - shownDefault: How the default reads in `--help`; nil when the setting is required, "" when it may be absent.
  ///   - parse: The value, or nil when the text has a fault.
  /// - Returns: Nil when the setting is absent or has a fault.
  mutating func read<Value>(
    _ variable: String, accepts: String, shownDefault: String?, help: String, isSecret: Bool = false,
    isSwitch: Bool = false, parse: (String) -> Value?
  ) -> Value? {
    precondition(variable.hasPrefix("RINGMASTER_"), "\(variable) does not start with RINGMASTER_")
    var setting = Setting(
      variable: variable, group: group, help: help, accepts: accepts, shownDefault: shownDefault, isSecret: isSecret,
      isSwitch: isSwitch)
    defer { settings.append(setting) }
    let text: String
    switch flags.take(setting.flag, isSwitch: isSwitch) {
    case .value(let value):
      setting.source = .flag
      text = value
    case .valueMissing:
      setting.source = .flag
      faults.append("\(variable) (\(setting.flag)): the flag needs a value; accepted is \(accepts)")
      return nil
    case .absent:
      guard let value = environment[variable], !value.isEmpty else {
        if shownDefault == nil { faults.append("\(variable) (\(setting.flag)): is not set; it needs \(accepts)") }
        return nil
      }
      setting.source = .environment
      text = value
    }
    setting.value = text
    guard let value = parse(text) else {
      let shown = isSecret ? "its value (not shown)" : "\"\(text)\""
      faults.append("\(variable) (\(setting.flag)): \(shown) is not accepted; accepted is \(accepts)")
      return nil
    }
    return value
  }
}

/// One setting as it was declared and found.
struct Setting: Sendable {
  enum Source: String, Sendable {
    case fallback = "default"
    case environment
    case flag
  }

  var variable: String
  var group: String
  var help: String
  var accepts: String
  /// Nil: required. Empty: may be absent.
  var shownDefault: String?
  var isSecret: Bool
  var isSwitch: Bool
  var source = Source.fallback
  var value: String?

  var flag: String {
    "--" + variable.dropFirst("RINGMASTER_".count).lowercased().split(separator: "_").joined(separator: "-")
  }
}
