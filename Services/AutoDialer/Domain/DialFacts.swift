import Core

/// What the dialer knows, beside the lead and the rules, at the instant of a decision: read in the transaction of the
/// claim, so that it is as fresh as the attempt.
struct DialFacts: Sendable {
  /// What forbids calls, by number.
  var doNotCall: [String: DoNotCallEntry] = [:]
  var clearances: [Clearance.Key: Clearance] = [:]
  /// Who can be asked for clearances.
  var gate = ClearanceGate.closed
  /// What the clock says of each place.
  var hours = HoursGate()
}
