public import Core

/// What the clocks of one time zone show, at any time.
///
/// A value: looking something up reads no file and takes no lock. The rules are those of the system's tz database
/// (`/usr/share/zoneinfo`), through the footer of the zone's file also for years that its table does not reach.
public struct TimeZoneRules: Hashable, Sendable {
  /// IANA name, such as "America/New_York".
  public let name: String
  private let file: TimeZoneFile
  /// Differs where clocks do not agree, almost always: see `agrees(with:)`.
  private let clockHash: Int

  /// A stretch of time with one offset: from `start` until before `end`, in seconds since 1970.
  struct Segment: Hashable {
    let start: Int64
    let end: Int64
    let offset: Int32
  }

  /// No local clock is further from UTC than this, in seconds (RFC 8536 §3.2).
  private static let furthest: Int64 = 93_600

  /// Takes rules from the bytes of a TZif file. Throws when they are anything else.
  init(name: String, file bytes: [UInt8]) throws(TimeZoneFileError) {
    self.name = name
    file = try TimeZoneFile(bytes)
    let recent = file.since(Self.agreementStart)
    var hasher = Hasher()
    hasher.combine(recent.transitions)
    hasher.combine(recent.offsets)
    hasher.combine(file.footer)
    clockHash = hasher.finalize()
  }

  public func hash(into hasher: inout Hasher) { hasher.combine(name) }

  /// Whether both clocks show the same from 2020 on, as those of Sydney and Melbourne do. The past before that decides no
  /// call.
  func agrees(with other: TimeZoneRules) -> Bool {
    if name == other.name { return true }
    guard clockHash == other.clockHash else { return false }
    let mine = file.since(Self.agreementStart)
    let theirs = other.file.since(Self.agreementStart)
    return mine.transitions == theirs.transitions && mine.offsets == theirs.offsets && file.footer == other.file.footer
  }

  /// 2020-01-01T00:00:00Z
  private static let agreementStart: Int64 = 1_577_836_800

  /// How far local clocks are ahead of UTC (negative in the west).
  public func offset(at instant: Instant) -> Duration { .seconds(segment(at: instant.wholeSeconds).offset) }

  /// What local calendar and clock show. Fractions of a second are cut off.
  public func local(at instant: Instant) -> LocalDateTime {
    LocalDateTime(localSeconds: localSeconds(at: instant.wholeSeconds))
  }

  /// Every instant at which local calendar and clock show `local`, earliest first: none while the clock jumps over
  /// it in spring, two while it is repeated in autumn, else one.
  public func instants(of local: LocalDateTime) -> [Instant] {
    let wanted = local.localSeconds
    var found: [Instant] = []
    var segment = segment(at: wanted - Self.furthest)
    while true {
      let candidate = wanted - Int64(segment.offset)
      if candidate >= segment.start, candidate < segment.end { found.append(Instant(wholeSeconds: candidate)) }
      guard segment.end <= wanted + Self.furthest else { return found }
      segment = self.segment(at: segment.end)
    }
  }

  /// The next instant after `instant` at which the offset changes. Nil when it never will.
  public func nextTransition(after instant: Instant) -> Instant? {
    var current = segment(at: instant.wholeSeconds)
    while current.end < Instant.distantFuture.wholeSeconds {
      let next = segment(at: current.end)
      if next.offset != current.offset { return Instant(wholeSeconds: current.end) }
      guard next.end > current.end else { return nil }
      current = next
    }
    return nil
  }

  func localSeconds(at seconds: Int64) -> Int64 { seconds + Int64(segment(at: seconds).offset) }

  /// The first second at which the local clock reaches `local` seconds. In a gap: when the gap ends. In an overlap:
  /// the earlier one. The strict reading of when something ends.
  func firstReaching(local: Int64) -> Int64 {
    var segment = segment(at: local - Self.furthest)
    while true {
      let candidate = max(segment.start, local - Int64(segment.offset))
      if candidate < segment.end || segment.end == .max { return candidate }
      segment = self.segment(at: segment.end)
    }
  }

  /// The first second from which the local clock never again is before `local` seconds. In a gap: when the gap ends.
  /// In an overlap: the later one. The strict reading of when something begins.
  func lastReaching(local: Int64) -> Int64 {
    var segment = segment(at: local + Self.furthest)
    while true {
      let candidate = local - Int64(segment.offset)
      if candidate > segment.start || segment.start == .min { return min(segment.end, candidate) }
      segment = self.segment(at: segment.start - 1)
    }
  }

  /// The stretch of one offset around a second. Neighbours may have the same offset where table and footer meet.
  func segment(at seconds: Int64) -> Segment {
    if seconds >= file.tableEnd, let footer = file.footer { return segment(at: seconds, by: footer) }
    var low = 0
    var high = file.transitions.count
    while low < high {
      let middle = (low + high) / 2
      if file.transitions[middle] <= seconds { low = middle + 1 } else { high = middle }
    }
    let isLast = low == file.transitions.count
    return Segment(
      start: low == 0 ? .min : file.transitions[low - 1],
      end: isLast ? (file.footer == nil ? .max : file.tableEnd) : file.transitions[low],
      offset: file.offsets[low])
  }

  private func segment(at seconds: Int64, by footer: PosixTimeZone) -> Segment {
    guard footer.daylight != nil else {
      return Segment(start: file.tableEnd, end: .max, offset: footer.standardOffset)
    }
    let year = ProlepticCalendar.approximateYear(ofSeconds: seconds)
    var start = Int64.min
    var end = Int64.max
    var offset = footer.standardOffset
    for change in ((year - 2)...(year + 2)).flatMap(footer.changes(inYear:)) {
      if change.seconds > seconds {
        end = min(end, change.seconds)
      } else if change.seconds >= start {
        start = change.seconds
        offset = change.offset
      }
    }
    return Segment(start: max(start, file.tableEnd), end: end, offset: offset)
  }
}
