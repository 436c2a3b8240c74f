import Core
import Logging
import Testing

@Suite struct LoggerTests {
  let sink = CapturingSink()

  struct Failure: Error, CustomStringConvertible {
    var description: String { "it broke" }
  }

  @Test func jsonLinesHaveFixedMembersAndTypedFields() throws {
    let logger = Logger(label: "auto-dialer", sink: sink).with([LogField("tenant", "default")])
    logger.info(
      "call placed",
      [
        LogField("attempt", 2), LogField("share", 0.5), LogField("last", true), LogField("took", .milliseconds(250)),
        LogField("due", Instant(microsecondsSince1970: 0)), LogField("quote", "a\"b\n"), .error(Failure()),
        LogField("lead", UniqueID(high: 0, low: 1)), .secret("token"),
      ])
    let line = try #require(sink.lines.first)
    #expect(sink.lines.count == 1)
    #expect(line.hasPrefix(#"{"time":"20"#))
    let rest = try #require(line.firstRange(of: "\"level\"")).lowerBound
    #expect(
      line[rest...] == #"""
        "level":"info","service":"auto-dialer","message":"call placed","tenant":"default","attempt":2,"share":0.5,\#
        "last":true,"took":0.25,"due":"1970-01-01T00:00:00Z","quote":"a\"b\n","error":"it broke",\#
        "lead":"00000000-0000-0000-0000-000000000001","token":"<redacted>"}
        """#)
  }

  @Test func linesBelowTheLevelAreNotWrittenNorTheirFieldsEvaluated() {
    var evaluated = 0
    func field() -> LogField {
      evaluated += 1
      return LogField("n", evaluated)
    }
    let logger = Logger(label: "s", level: .warning, sink: sink)
    logger.debug("a", [field()])
    logger.info("b", [field()])
    #expect(sink.lines.isEmpty && evaluated == 0)
    logger.warning("c", [field()])
    logger.error("d", [field()])
    #expect(sink.lines.count == 2 && evaluated == 2)
    Logger.discarding.error("e", [field()])
    #expect(evaluated == 2)
  }

  @Test func traceIdsOfTheTaskAreOnEachLine() {
    let logger = Logger(label: "s", sink: sink)
    TraceIdentity.$current.withValue(("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7")) { logger.info("a") }
    logger.info("b")
    #expect(
      sink.lines[0].hasSuffix(#","trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","span_id":"00f067aa0ba902b7"}"#))
    #expect(!sink.lines[1].contains("trace_id"))
  }

  @Test func humanLinesQuoteOnlyWhatNeedsIt() throws {
    let logger = Logger(label: "gateway", format: .human, sink: sink)
    logger.warning("slow\nanswer", [LogField("path", "/api"), LogField("text", "two words"), LogField("n", 3)])
    let line = try #require(sink.lines.first)
    #expect(line.hasSuffix(#" WARNING gateway: slow\nanswer path=/api text="two words" n=3"#))
  }

  @Test(arguments: [
    ("+61491570157", "+6149*****57"), ("+12025550123", "+1202*****23"), ("+64211234", "*******34"), ("12", "**"),
    ("", ""), ("123", "*23"),
  ])
  func phoneNumbersAreMasked(number: String, shown: String) {
    Logger(label: "s", sink: sink).info("m", [.phone("to", number)])
    #expect(sink.lines[0].hasSuffix(#""to":"\#(shown)"}"#))
  }
}
