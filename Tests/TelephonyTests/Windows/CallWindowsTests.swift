import Core
import Telephony
import Testing

@Suite struct CallWindowsTests {
  @Test(arguments: [
    ([], "windows: at least one window is needed, or nobody is ever called"),
    (
      [CallWindow(weekday: 0, startMinute: 0, endMinute: 1)],
      "windows[0].weekday: 0 is no weekday: 1 is Monday, 7 is Sunday"
    ),
    (
      [CallWindow(weekday: 1, startMinute: -1, endMinute: 1)],
      "windows[0].start_minute: -1 is no minute of a day: 0 to 1439"
    ),
    (
      [
        CallWindow(weekday: 1, startMinute: 540, endMinute: 720),
        CallWindow(weekday: 1, startMinute: 780, endMinute: 1_441),
      ],
      "windows[1].end_minute: 1441 is no minute of a day: 1 to 1440"
    ),
    (
      [CallWindow(weekday: 1, startMinute: 1_320, endMinute: 120)],
      "windows[0].end_minute: must be after the start, 22:00; split a window that crosses midnight into two"
    ),
    (
      [
        CallWindow(weekday: 2, startMinute: 540, endMinute: 720),
        CallWindow(weekday: 2, startMinute: 719, endMinute: 800),
      ],
      "windows[1]: overlaps windows[0] on the same weekday"
    ),
  ])
  func namesTheWrongField(windows: [CallWindow], message: String) {
    let error = #expect(throws: CallWindowError.self) { try CallWindows(windows) }
    #expect(error?.description == message)
  }

  @Test func aListThatIsTooLongIsRefused() {
    let many = (0..<43).map { CallWindow(weekday: 1, startMinute: $0 * 10, endMinute: $0 * 10 + 5) }
    #expect(throws: CallWindowError.self) { try CallWindows(many) }
  }

  @Test func windowsAreKeptInOrderAndComparedByContent() throws {
    let morning = CallWindow(weekday: 1, startMinute: 540, endMinute: 720)
    let afternoon = CallWindow(weekday: 1, startMinute: 780, endMinute: 1_020)
    #expect(try CallWindows([afternoon, morning]) == CallWindows([morning, afternoon]))
    #expect(try CallWindows([afternoon, morning]).windows == [morning, afternoon])
  }

  @Test(arguments: [
    ("2026-03-02T13:59:59Z", false), ("2026-03-02T14:00:00Z", true), ("2026-03-02T16:59:59Z", true),
    ("2026-03-02T17:00:00Z", false), ("2026-03-02T18:00:00Z", true), ("2026-03-02T22:00:00Z", false),
    ("2026-02-28T15:00:00Z", false), ("2026-03-01T15:00:00Z", false),
  ])
  func theStandardIsOfficeHoursWithoutLunch(utc: String, open: Bool) throws {
    #expect(try CallWindows.standard.isOpen(at: at(utc), zones: zones("America/New_York")) == open)
  }

  @Test func theNextOpeningSkipsTheWeekend() throws {
    // Friday evening in New York; on Sunday the clocks go forward.
    let opening = try CallWindows.standard.nextOpening(
      after: at("2026-03-06T23:00:00Z"), zones: zones("America/New_York"))
    #expect(try opening == at("2026-03-09T13:00:00Z"))
  }

  @Test func anOpenWindowOpensNow() throws {
    let now = try at("2026-03-02T14:30:00.25Z")
    #expect(try CallWindows.standard.nextOpening(after: now, zones: zones("America/New_York")) == now)
  }

  @Test func severalZonesMustAllBeOpen() throws {
    let coasts = try zones("America/New_York", "America/Los_Angeles")
    // Ten in New York is seven in Los Angeles.
    #expect(try !CallWindows.standard.isOpen(at: at("2026-03-02T15:00:00Z"), zones: coasts))
    // Nine in Los Angeles is noon in New York, which eats; at one o'clock both work.
    #expect(
      try CallWindows.standard.nextOpening(after: at("2026-03-02T15:00:00Z"), zones: coasts)
        == at("2026-03-02T18:00:00Z"))
  }

  @Test func zonesThatNeverWorkTogetherNeverOpen() throws {
    let apart = try zones("Pacific/Kiritimati", "Pacific/Pago_Pago")
    let narrow = try CallWindows([CallWindow(weekday: 1, startMinute: 540, endMinute: 600)])
    #expect(try narrow.nextOpening(after: at("2026-03-02T15:00:00Z"), zones: apart) == nil)
  }

  @Test func noZoneIsNeverOpen() throws {
    #expect(try !CallWindows.standard.isOpen(at: at("2026-03-02T15:00:00Z"), zones: []))
    #expect(try CallWindows.standard.nextOpening(after: at("2026-03-02T15:00:00Z"), zones: []) == nil)
  }
}
