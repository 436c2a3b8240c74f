/// What `--help` prints.
struct HelpText {
  var service: String
  var summary: String
  var settings: [Setting]

  private static let width = 100

  var text: String {
    var text = "\(service): \(summary)\n\nUsage: \(service) [--flag value]...\n\n"
    text += HelpText.wrapped(
      "Every setting is an environment variable and a flag; the flag wins. Faults are reported together, "
        + "with exit status 78.", indent: 0)
    let commands = [("--help", "Print this and exit."), ("--check-config", "Check the settings, print them and exit.")]
    let names = settings.map(name) + commands.map(\.0)
    let column = (names.map(\.count).max() ?? 0) + 4
    for group in groups {
      text += "\n\(group)\n"
      for setting in settings where setting.group == group {
        text += "  \(HelpText.padded(name(setting), to: column))\(setting.variable)\n"
        text += HelpText.wrapped("\(HelpText.sentence(setting.help)) \(bounds(setting))", indent: 6)
      }
    }
    text += "\nCommands\n"
    for (flag, help) in commands { text += "  \(HelpText.padded(flag, to: column))\(help)\n" }
    return text
  }

  /// In order of first use.
  private var groups: [String] {
    settings.reduce(into: []) { groups, setting in
      if !groups.contains(setting.group) { groups.append(setting.group) }
    }
  }

  private func name(_ setting: Setting) -> String {
    setting.isSwitch ? setting.flag : setting.flag + " <value>"
  }

  private func bounds(_ setting: Setting) -> String {
    let accepts = setting.accepts == "text" ? "" : HelpText.sentence(setting.accepts) + " "
    switch setting.shownDefault {
    case nil: return accepts + "Required."
    case "": return accepts + "Not set by default."
    case let value?: return "\(accepts)Default: \(value)"
    }
  }

  /// `text` with a capital at its start and a full stop at its end.
  private static func sentence(_ text: String) -> String {
    text.prefix(1).uppercased() + text.dropFirst() + (text.hasSuffix(".") ? "" : ".")
  }

  static func padded(_ text: String, to width: Int) -> String {
    text + String(repeating: " ", count: max(1, width - text.count))
  }

  /// `text` broken at spaces into lines of at most `width`, each indented.
  private static func wrapped(_ text: String, indent: Int) -> String {
    let margin = String(repeating: " ", count: indent)
    var lines: [String] = []
    var line = margin
    for word in text.split(separator: " ") {
      if line.count > indent, line.count + word.count + 1 > width {
        lines.append(line)
        line = margin
      }
      if line.count > indent { line += " " }
      line += word
    }
    lines.append(line)
    return lines.map { $0 + "\n" }.joined()
  }
}

/// What `--check-config` prints when all is well.
struct CheckText {
  var service: String
  var settings: [Setting]
  var warnings: [String]

  var text: String {
    var text = "\(service): the configuration is good\n"
    let column = (settings.map(\.variable.count).max() ?? 0) + 2
    for setting in settings {
      text += "  \(HelpText.padded(setting.variable, to: column))\(shown(setting))\n"
    }
    for warning in warnings { text += "warning: \(warning)\n" }
    return text
  }

  private func shown(_ setting: Setting) -> String {
    switch (setting.source, setting.value) {
    case (.fallback, _), (_, nil):
      let value = setting.shownDefault ?? ""
      return value.isEmpty ? "(not set)" : "\(URLText.redacted(value))  (default)"
    case (let source, let value?):
      let visible = setting.isSecret ? "<redacted>" : URLText.redacted(value)
      return "\(visible)  (\(source.rawValue))"
    }
  }
}
