import Core

extension ConfigurationReader {
  /// Any text. Required when `default` is nil.
  public mutating func string(_ name: String, default: String?, help: String) -> String {
    read(name, accepts: "text", shownDefault: `default`, help: help) { $0 } ?? `default` ?? ""
  }

  public mutating func optionalString(_ name: String, help: String) -> String? {
    read(name, accepts: "text", shownDefault: "", help: help) { $0 }
  }

  /// A whole number. Required when `default` is nil.
  public mutating func int(_ name: String, default: Int?, range: ClosedRange<Int>, help: String) -> Int {
    let accepts = "a whole number from \(range.lowerBound) to \(range.upperBound)"
    let value = read(name, accepts: accepts, shownDefault: `default`.map { "\($0)" }, help: help) { text in
      Int(text).flatMap { range.contains($0) ? $0 : nil }
    }
    return value ?? `default` ?? range.lowerBound
  }

  /// A number. Required when `default` is nil.
  public mutating func double(
    _ name: String, default: Double?, range: ClosedRange<Double>, help: String
  ) -> Double {
    let accepts = "a number from \(range.lowerBound) to \(range.upperBound)"
    let value = read(name, accepts: accepts, shownDefault: `default`.map { "\($0)" }, help: help) { text in
      Double(text).flatMap { range.contains($0) ? $0 : nil }
    }
    return value ?? `default` ?? range.lowerBound
  }

  /// `true`, `yes`, `on`, `1` or their opposites. The flag alone means true.
  public mutating func bool(_ name: String, default: Bool, help: String) -> Bool {
    let accepts = "true, false, yes, no, on, off, 1 or 0"
    let value = read(name, accepts: accepts, shownDefault: "\(`default`)", help: help, isSwitch: true) { text in
      switch text.lowercased() {
      case "true", "yes", "on", "1": return true
      case "false", "no", "off", "0": return false
      default: return nil
      }
    }
    return value ?? `default`
  }

  /// A length of time with its unit: `500ms`, `30s`, `5m`, `1h`, `2d`; also `1h30m`. Required when `default` is nil.
  public mutating func duration(
    _ name: String, default: Duration?, range: ClosedRange<Duration> = .zero ... .days(3_650), help: String
  ) -> Duration {
    let lower = DurationText.format(range.lowerBound)
    let accepts = "a duration like 500ms, 30s, 5m or 1h, from \(lower) to \(DurationText.format(range.upperBound))"
    let shown = `default`.map(DurationText.format)
    let value = read(name, accepts: accepts, shownDefault: shown, help: help) { text in
      DurationText.parse(text).flatMap { range.contains($0) ? $0 : nil }
    }
    return value ?? `default` ?? range.lowerBound
  }

  /// One of the raw values of `Choice`. Required when `default` is nil and the choice has any.
  public mutating func choice<Choice>(_ name: String, default: Choice, help: String) -> Choice
  where Choice: RawRepresentable<String> & CaseIterable {
    let accepts = Choice.allCases.map(\.rawValue).joined(separator: ", ")
    return read(name, accepts: "one of \(accepts)", shownDefault: `default`.rawValue, help: help) {
      Choice(rawValue: $0)
    } ?? `default`
  }

  /// A required secret.
  public mutating func secret(_ name: String, help: String) -> Secret {
    read(name, accepts: "a secret text", shownDefault: nil, help: help, isSecret: true) { Secret($0) } ?? Secret("")
  }

  public mutating func optionalSecret(_ name: String, help: String) -> Secret? {
    read(name, accepts: "a secret text", shownDefault: "", help: help, isSecret: true) { Secret($0) }
  }

  /// A URL `scheme://…` of one of `schemes`. Required when `default` is nil. What stands between `//` and `@` is not
  /// shown by `--check-config`.
  public mutating func url(_ name: String, schemes: [String], default: String?, help: String) -> String {
    let accepts = URLText.accepts(schemes)
    return read(name, accepts: accepts, shownDefault: `default`, help: help) { text in
      URLText.isURL(text, schemes: schemes) ? text : nil
    } ?? `default` ?? ""
  }

  public mutating func optionalURL(_ name: String, schemes: [String], help: String) -> String? {
    read(name, accepts: URLText.accepts(schemes), shownDefault: "", help: help) { text in
      URLText.isURL(text, schemes: schemes) ? text : nil
    }
  }

  /// Texts between commas; spaces around them and empty ones are dropped. Required when `default` is nil.
  public mutating func list(_ name: String, default: [String]?, help: String) -> [String] {
    let shown = `default`?.joined(separator: ",")
    return read(name, accepts: "texts separated by commas", shownDefault: shown, help: help, parse: CommaList.parse)
      ?? `default` ?? []
  }

  /// URLs of `schemes` between commas. Required when `default` is nil.
  public mutating func urls(_ name: String, schemes: [String], default: [String]?, help: String) -> [String] {
    let accepts = "one or more of \(URLText.accepts(schemes)), separated by commas"
    return read(name, accepts: accepts, shownDefault: `default`?.joined(separator: ","), help: help) { text in
      let urls = CommaList.parse(text)
      return !urls.isEmpty && urls.allSatisfy { URLText.isURL($0, schemes: schemes) } ? urls : nil
    } ?? `default` ?? []
  }

  /// A moment in RFC 3339.
  public mutating func optionalInstant(_ name: String, help: String) -> Instant? {
    read(name, accepts: "a time like 2026-03-02T09:00:00Z", shownDefault: "", help: help) { Instant(rfc3339: $0) }
  }

  /// A moment in RFC 3339. Required when `default` is nil.
  public mutating func instant(_ name: String, default: Instant?, help: String) -> Instant {
    let accepts = "a time like 2026-03-02T09:00:00Z"
    return read(name, accepts: accepts, shownDefault: `default`?.rfc3339, help: help) { Instant(rfc3339: $0) }
      ?? `default` ?? .distantPast
  }

  /// A setting of any other form. Absent when `default` is nil and nothing is set.
  ///
  /// - Parameters:
  ///   - accepts: For errors and help: "a time like …".
  ///   - parse: Nil when the text is not accepted.
  public mutating func optional<Value>(
    _ name: String, accepts: String, help: String, parse: (String) -> Value?
  ) -> Value? {
    read(name, accepts: accepts, shownDefault: "", help: help, parse: parse)
  }
}
