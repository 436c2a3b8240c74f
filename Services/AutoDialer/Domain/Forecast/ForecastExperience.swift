import Core
import Telephony

/// Calls that were made, as far as a forecast learns from them. Pure.
struct ForecastExperience: Hashable, Sendable {
  /// Calls that ended alike.
  struct Row: Hashable, Sendable {
    /// Which of its lead's calls, from 1.
    var number: Int
    var outcome: CallOutcome
    var isPermanent: Bool
    var calls: Int
    /// Mean of those of which it is known how long they held a line; nil: of none.
    var lineSeconds: Double?
  }

  var rows: [Row] = []
  /// Settled calls, and what all of them together cost.
  var settledCalls = 0
  var spentMicros: Int64 = 0

  /// Fewer calls than this say too little: the error of a share is a tenth of all calls at most.
  static let fewestCalls = 100
  /// Shares of the second call, the third, and so on are their own from this many calls on.
  private static let fewestOfNumber = 50

  var calls: Int { rows.reduce(0) { $0 + $1.calls } }

  /// What these calls teach. Nil: too few.
  var assumptions: ForecastAssumptions? {
    guard calls >= Self.fewestCalls else { return nil }
    var byCall: [[ForecastAssumptions.Ending]] = []
    let all = endings(rows)
    for number in 1...(rows.map(\.number).max() ?? 1) {
      let own = rows.filter { $0.number == number }
      guard own.reduce(0, { $0 + $1.calls }) >= Self.fewestOfNumber else { break }
      byCall.append(endings(own))
    }
    return ForecastAssumptions(byCall: byCall.isEmpty ? [all] : byCall)
  }

  private func endings(_ rows: [Row]) -> [ForecastAssumptions.Ending] {
    struct Key: Hashable {
      var outcome: CallOutcome
      var isPermanent: Bool
    }
    let grouped = Dictionary(grouping: rows) { Key(outcome: $0.outcome, isPermanent: $0.isPermanent) }
    var endings: [ForecastAssumptions.Ending] = []
    for outcome in CallOutcome.allCases {
      for isPermanent in [false, true] {
        guard let alike = grouped[Key(outcome: outcome, isPermanent: isPermanent)] else { continue }
        let calls = alike.reduce(0) { $0 + $1.calls }
        var ending = ForecastAssumptions.Ending(
          outcome: outcome, isPermanent: isPermanent, share: Double(calls), ringing: .zero)
        let timed = alike.filter { $0.lineSeconds != nil }
        let timedCalls = timed.reduce(0) { $0 + $1.calls }
        if timedCalls > 0 {
          let seconds = timed.reduce(0.0) { $0 + ($1.lineSeconds ?? 0) * Double($1.calls) } / Double(timedCalls)
          let isAnswered = ending.kind == .answered || ending.kind == .voicemail
          ending.ringing = isAnswered ? min(ForecastAssumptions.ring, .seconds(seconds)) : .seconds(seconds)
          ending.talking = .seconds(seconds) - ending.ringing
        } else if let usual = ForecastAssumptions.standard.byCall[0].first(where: { $0.outcome == outcome }) {
          (ending.ringing, ending.talking) = (usual.ringing, usual.talking)
        }
        endings.append(ending)
      }
    }
    return priced(endings)
  }

  /// What a call costs follows how long was talked, as far as that explains what was spent.
  private func priced(_ endings: [ForecastAssumptions.Ending]) -> [ForecastAssumptions.Ending] {
    guard settledCalls > 0 else { return endings }
    let mean = Double(spentMicros) / Double(settledCalls)
    let shares = endings.reduce(0) { $0 + $1.share }
    let talk = endings.reduce(0) { $0 + $1.share * $1.talking.inSeconds } / max(shares, 1)
    return endings.map { ending in
      var ending = ending
      ending.costMicros = Int64((talk > 0 ? mean * ending.talking.inSeconds / talk : mean).rounded())
      return ending
    }
  }
}
