import Configuration
import Core
import Testing

@Suite struct ConfigurationReaderTests {
  enum Color: String, CaseIterable { case red, green }

  private func reader(_ environment: [String: String] = [:], _ arguments: [String] = []) -> ConfigurationReader {
    ConfigurationReader(
      service: "auto-dialer", summary: "Places calls.", environment: environment, arguments: arguments)
  }

  private func outcome(_ reader: inout ConfigurationReader) -> ConfigurationExit? {
    do throws(ConfigurationExit) {
      try reader.finish()
      return nil
    } catch {
      return error
    }
  }

  @Test func valuesComeFromFlagsThenVariablesThenDefaults() throws {
    var reader = reader(
      ["RINGMASTER_NAME": "env", "RINGMASTER_PORT": "1", "RINGMASTER_EMPTY": ""],
      ["--name", "flag", "--port=2", "--verbose", "--wait=1h30m", "--peers", "a, b,,c"])
    #expect(reader.string("RINGMASTER_NAME", default: "x", help: "") == "flag")
    #expect(reader.int("RINGMASTER_PORT", default: 0, range: 0...10, help: "") == 2)
    #expect(reader.string("RINGMASTER_EMPTY", default: "fallback", help: "") == "fallback")
    #expect(reader.bool("RINGMASTER_VERBOSE", default: false, help: "") == true)
    #expect(reader.duration("RINGMASTER_WAIT", default: .zero, help: "") == .minutes(90))
    #expect(reader.list("RINGMASTER_PEERS", default: [], help: "") == ["a", "b", "c"])
    #expect(reader.double("RINGMASTER_SHARE", default: 0.5, range: 0...1, help: "") == 0.5)
    #expect(reader.optionalString("RINGMASTER_NOTE", help: "") == nil)
    #expect(reader.optionalSecret("RINGMASTER_TOKEN", help: "") == nil)
    #expect(reader.choice("RINGMASTER_COLOR", default: Color.green, help: "") == .green)
    try reader.finish()
    #expect(reader.warnings.isEmpty)
  }

  @Test func everyFaultIsReportedAtOnceAndNamesVariableFlagValueAndWhatIsAccepted() throws {
    var reader = reader(
      [
        "RINGMASTER_PORT": "99", "RINGMASTER_SHARE": "x", "RINGMASTER_ON": "maybe", "RINGMASTER_WAIT": "5 minutes",
        "RINGMASTER_URL": "http//x", "RINGMASTER_AT": "today", "RINGMASTER_COLOR": "blue",
        "RINGMASTER_PEERS": "tcp://a,b",
      ], ["--naem", "x", "--note", "stray"])
    _ = reader.int("RINGMASTER_PORT", default: 1, range: 1...10, help: "")
    _ = reader.double("RINGMASTER_SHARE", default: 0, range: 0...1, help: "")
    _ = reader.bool("RINGMASTER_ON", default: false, help: "")
    _ = reader.duration("RINGMASTER_WAIT", default: .seconds(1), range: .seconds(1) ... .hours(1), help: "")
    _ = reader.url("RINGMASTER_URL", schemes: ["http", "https"], default: nil, help: "")
    _ = reader.optionalInstant("RINGMASTER_AT", help: "")
    _ = reader.choice("RINGMASTER_COLOR", default: Color.red, help: "")
    _ = reader.urls("RINGMASTER_PEERS", schemes: ["tcp"], default: nil, help: "")
    _ = reader.secret("RINGMASTER_TOKEN", help: "")
    _ = reader.string("RINGMASTER_NAME", default: nil, help: "")
    _ = reader.optionalString("RINGMASTER_NOTE", help: "")
    reader.fault("RINGMASTER_A needs RINGMASTER_B")
    let ended = outcome(&reader)
    let exit = try #require(ended)
    #expect(exit.exitCode == 78)
    #expect(
      exit.output == """
        auto-dialer: 13 faults in the configuration
          - RINGMASTER_PORT (--port): "99" is not accepted; accepted is a whole number from 1 to 10
          - RINGMASTER_SHARE (--share): "x" is not accepted; accepted is a number from 0.0 to 1.0
          - RINGMASTER_ON (--on): "maybe" is not accepted; accepted is true, false, yes, no, on, off, 1 or 0
          - RINGMASTER_WAIT (--wait): "5 minutes" is not accepted; accepted is a duration like 500ms, 30s, 5m or 1h, \
        from 1s to 1h
          - RINGMASTER_URL (--url): "http//x" is not accepted; accepted is a URL starting with http:// or https://
          - RINGMASTER_AT (--at): "today" is not accepted; accepted is a time like 2026-03-02T09:00:00Z
          - RINGMASTER_COLOR (--color): "blue" is not accepted; accepted is one of red, green
          - RINGMASTER_PEERS (--peers): "tcp://a,b" is not accepted; accepted is one or more of a URL starting with \
        tcp://, separated by commas
          - RINGMASTER_TOKEN (--token): is not set; it needs a secret text
          - RINGMASTER_NAME (--name): is not set; it needs text
          - RINGMASTER_A needs RINGMASTER_B
          - --naem is no flag of this program; did you mean --name?
          - "x" is no flag; flags start with --
        Run auto-dialer --help to see every setting.

        """)
  }

  @Test func secretsAreNeverShown() throws {
    var reader = reader(
      ["RINGMASTER_TOKEN": "hunter2", "RINGMASTER_DB": "postgres://u:hunter2@h:5432/d?x=1"], ["--check-config"])
    let secret = reader.secret("RINGMASTER_TOKEN", help: "")
    _ = reader.url("RINGMASTER_DB", schemes: ["postgres"], default: nil, help: "")
    #expect(secret.value == "hunter2")
    var dumped = ""
    dump(secret, to: &dumped)
    let ended = outcome(&reader)
    let exit = try #require(ended)
    #expect(exit.exitCode == 0)
    #expect(!"\(secret) \(String(reflecting: secret)) \(dumped) \(exit.output)".contains("hunter2"))
    #expect(exit.output.contains("RINGMASTER_DB     postgres://u:<redacted>@h:5432/d?x=1  (environment)"))
  }

  @Test func helpListsEverySettingInItsGroup() throws {
    var reader = reader([:], ["--help"])
    reader.group("Database")
    _ = reader.url("RINGMASTER_DATABASE_URL", schemes: ["postgres"], default: nil, help: "Where the data is.")
    reader.group("Logs")
    _ = reader.choice("RINGMASTER_COLOR", default: Color.red, help: "The color.")
    _ = reader.bool("RINGMASTER_VERBOSE", default: false, help: "Say more.")
    let ended = outcome(&reader)
    let exit = try #require(ended)
    #expect(exit.exitCode == 0)
    #expect(
      exit.output == """
        auto-dialer: Places calls.

        Usage: auto-dialer [--flag value]...

        Every setting is an environment variable and a flag; the flag wins. Faults are reported together,
        with exit status 78.

        Database
          --database-url <value>    RINGMASTER_DATABASE_URL
              Where the data is. A URL starting with postgres://. Required.

        Logs
          --color <value>           RINGMASTER_COLOR
              The color. One of red, green. Default: red
          --verbose                 RINGMASTER_VERBOSE
              Say more. True, false, yes, no, on, off, 1 or 0. Default: false

        Commands
          --help                    Print this and exit.
          --check-config            Check the settings, print them and exit.

        """)
  }

  @Test func variablesThatAreProbablyMeantForUsAreWarnedOf() throws {
    var reader = reader([
      "RINGMASTER_NAEM": "x", "RINGMASTER_AUTO_DIALER_SPEED": "1", "RINGMASTER_AUTO_DIALER_ENDPOINTS": "x",
      "RINGMASTER_GATEWAY_LISTEN": "x", "PATH": "/bin",
    ])
    _ = reader.optionalString("RINGMASTER_NAME", help: "")
    try reader.finish()
    #expect(
      reader.warnings == [
        "RINGMASTER_AUTO_DIALER_SPEED is not known to auto-dialer",
        "RINGMASTER_NAEM is not known; did you mean RINGMASTER_NAME?",
      ])
  }

  @Test func aFlagWithoutItsValueIsAFault() throws {
    var reader = reader([:], ["--name", "--port", "1"])
    _ = reader.string("RINGMASTER_NAME", default: "x", help: "")
    _ = reader.int("RINGMASTER_PORT", default: 1, range: 0...9, help: "")
    let ended = outcome(&reader)
    let exit = try #require(ended)
    #expect(exit.output.contains("RINGMASTER_NAME (--name): the flag needs a value; accepted is text"))
  }

  @Test(arguments: [
    ("500ms", Duration.milliseconds(500)), ("30s", .seconds(30)), ("5m", .minutes(5)), ("1h", .hours(1)),
    ("2d", .days(2)), ("1h30m", .minutes(90)), ("0", .zero), ("250us", .microseconds(250)),
  ])
  func durationsAreRead(text: String, duration: Duration) throws {
    var reader = reader(["RINGMASTER_WAIT": text])
    #expect(reader.duration("RINGMASTER_WAIT", default: nil, help: "") == duration)
    try reader.finish()
  }

  @Test(arguments: [
    "5", "s", "-1s", "1.5s", "1m1h", "1s1s", "1 s", "1x", "99999999999999999999s", "9223372036854775807d",
  ])
  func otherDurationsAreFaults(text: String) {
    var reader = reader(["RINGMASTER_WAIT": text])
    #expect(reader.duration("RINGMASTER_WAIT", default: .seconds(7), help: "") == .seconds(7))
    let exit = outcome(&reader)
    #expect(exit?.exitCode == 78)
  }
}
