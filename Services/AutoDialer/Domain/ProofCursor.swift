import Core

/// Where a page of a proof ends: all that the next page needs, so that no server remembers a reader. Travels as text.
struct ProofCursor: Hashable, Sendable, LosslessStringConvertible {
  /// The parts of a proof, in their order.
  enum Stage: Int, Hashable, Sendable, CaseIterable {
    case header, campaign, permits, trailer
  }

  /// Rows so far.
  struct Counts: Hashable, Sendable {
    var campaigns = 0
    var doNotCall = 0
    var leads = 0
    var permits = 0
  }

  /// What was permitted later is not in the proof, so that its pages agree with each other.
  var asOf: Instant
  var stage = Stage.header
  /// After the last row of the stage that was given: an instant or a lead, and a number.
  var position = ""
  var number = 0
  /// Hash of the last line, in hexadecimal.
  var hash = ""
  var counts = Counts()

  init(asOf: Instant) { self.asOf = asOf }

  init?(_ text: String) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 9, let microseconds = Int64(parts[0]), let stage = Int(parts[1]).flatMap(Stage.init),
      let number = Int(parts[3]), parts[4].count == 64
    else { return nil }
    let counts = parts[5...].compactMap { Int($0) }
    guard counts.count == 4 else { return nil }
    self.init(asOf: Instant(microsecondsSince1970: microseconds))
    (self.stage, position, self.number, hash) = (stage, parts[2], number, parts[4])
    self.counts = Counts(campaigns: counts[0], doNotCall: counts[1], leads: counts[2], permits: counts[3])
  }

  var description: String {
    let counts = [counts.campaigns, counts.doNotCall, counts.leads, counts.permits].map(String.init)
    let parts = [String(asOf.microsecondsSince1970), String(stage.rawValue), position, String(number), hash]
    return (parts + counts).joined(separator: ".")
  }

  mutating func enter(_ stage: Stage) { (self.stage, position, number) = (stage, "", 0) }
}
