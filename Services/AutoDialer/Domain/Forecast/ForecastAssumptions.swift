import Core
import Telephony

/// What a forecast takes for granted about calls. Pure.
struct ForecastAssumptions: Hashable, Sendable {
  /// What calls that end alike are like.
  struct Ending: Hashable, Sendable {
    var outcome: CallOutcome
    /// The number takes no calls: another one would end the same way.
    var isPermanent = false
    /// Of the calls, 0 to 1.
    var share: Double
    /// Until it is answered, or ends without that.
    var ringing: Duration
    /// From the answer on.
    var talking = Duration.zero
    var costMicros: Int64 = 0

    /// How long such a call holds a line.
    var lineTime: Duration { ringing + talking }

    /// What people expect a share of.
    var kind: Kind {
      switch outcome {
      case .qualified, .unqualified, .callbackRequested, .notInterested, .wrongNumber: .answered
      case .voicemail: .voicemail
      case .noAnswer: .noAnswer
      case .busy: .busy
      case .failed: .failed
      }
    }
  }

  enum Kind: String, Hashable, Sendable, CaseIterable {
    /// By a person.
    case answered
    case voicemail
    case noAnswer = "no_answer"
    case busy, failed
  }

  /// By the calls that the lead has had, from none on; the last one serves for all that follow. Shares of each add up to
  /// one.
  private(set) var byCall: [[Ending]]

  /// What is known of nobody's calls in particular: a quarter is answered by a person, a fifth by a machine. Not measured:
  /// it serves until there are calls to learn from.
  static let standard = ForecastAssumptions(unchecked: [
    Ending(outcome: .qualified, share: 0.08, ringing: ring, talking: .seconds(90), costMicros: 165_000),
    Ending(outcome: .unqualified, share: 0.08, ringing: ring, talking: .seconds(70), costMicros: 135_000),
    Ending(outcome: .callbackRequested, share: 0.02, ringing: ring, talking: .seconds(45), costMicros: 98_000),
    Ending(outcome: .notInterested, share: 0.06, ringing: ring, talking: .seconds(30), costMicros: 75_000),
    Ending(outcome: .wrongNumber, share: 0.01, ringing: ring, talking: .seconds(20), costMicros: 60_000),
    Ending(outcome: .voicemail, share: 0.20, ringing: ring, talking: .seconds(25), costMicros: 68_000),
    Ending(outcome: .noAnswer, share: 0.43, ringing: .seconds(30)),
    Ending(outcome: .busy, share: 0.06, ringing: .seconds(4)),
    Ending(outcome: .failed, share: 0.04, ringing: .seconds(4)),
    Ending(outcome: .failed, isPermanent: true, share: 0.02, ringing: .seconds(4)),
  ])

  /// How long it rings before somebody answers, where nothing tells.
  static let ring = Duration.seconds(15)

  /// - Parameter byCall: Shares are taken relative to their sum. Nil where one of the lists has none.
  init?(byCall: [[Ending]]) {
    let sums = byCall.map { $0.reduce(0) { $0 + $1.share } }
    guard !byCall.isEmpty, sums.allSatisfy({ $0 > 0 && $0.isFinite }),
      byCall.allSatisfy({ $0.allSatisfy { $0.share >= 0 } })
    else { return nil }
    self.byCall = zip(byCall, sums).map { endings, sum in
      endings.map { ending in
        var ending = ending
        ending.share /= sum
        return ending
      }
    }
  }

  private init(unchecked endings: [Ending]) { byCall = [endings] }

  /// What the next call to a lead may come to that has had so many.
  func endings(afterCalls made: Int) -> [Ending] { byCall[min(made, byCall.count - 1)] }

  /// Of first calls.
  func share(of kind: Kind) -> Double { byCall[0].reduce(0) { $1.kind == kind ? $0 + $1.share : $0 } }

  /// Of what is expected of first calls.
  func mean(_ value: (Ending) -> Double, of kinds: Set<Kind> = Set(Kind.allCases)) -> Double {
    Self.mean(byCall[0], kinds, value)
  }

  private static func mean(_ endings: [Ending], _ kinds: Set<Kind>, _ value: (Ending) -> Double) -> Double {
    let of = endings.filter { kinds.contains($0.kind) }
    let share = of.reduce(0) { $0 + $1.share }
    return share > 0 ? of.reduce(0) { $0 + $1.share * value($1) } / share : 0
  }
}

/// What somebody says about calls that are to come; nil: what is assumed otherwise.
struct ForecastWishes: Hashable, Sendable {
  /// Shares of all calls, 0 to 1.
  var shares: [ForecastAssumptions.Kind: Double] = [:]
  /// Of the calls that a person answers, those that come out qualified.
  var qualifiedShare: Double?
  /// Mean talk of the calls that a person answers.
  var talking: Duration?
  /// Mean ringing of all calls that ring.
  var ringing: Duration?
  /// Mean of all calls.
  var costMicros: Int64?

  /// What cannot be, with the field's name.
  struct Problem: Error, Hashable, Sendable, CustomStringConvertible {
    var description: String
  }

  /// What is said, by the names of the request's fields.
  var names: [String] {
    ForecastAssumptions.Kind.allCases.filter { shares[$0] != nil }.map { "\($0.rawValue)_rate" }
      + [
        qualifiedShare.map { _ in "qualified_rate" }, talking.map { _ in "talk" }, ringing.map { _ in "ring" },
        costMicros.map { _ in "cost_per_call_micros" },
      ].compactMap(\.self)
  }
}

extension ForecastAssumptions {
  /// With what is said put in place of what was assumed; the rest keeps its proportions.
  func applying(_ wishes: ForecastWishes) throws(ForecastWishes.Problem) -> ForecastAssumptions {
    let sum = wishes.shares.values.reduce(0, +)
    guard sum <= 1.000_001 else {
      throw ForecastWishes.Problem(description: "the rates add up to \(sum), which is more than 1")
    }
    if wishes.shares.count == Kind.allCases.count, sum < 0.999_999 {
      throw ForecastWishes.Problem(description: "the rates of every kind are given and add up to \(sum), not to 1")
    }
    var result = self
    for index in result.byCall.indices {
      result.byCall[index] = Self.shares(result.byCall[index], wishes)
      if let ringing = wishes.ringing { Self.ring(&result.byCall[index], for: ringing) }
      if let talking = wishes.talking { Self.talk(&result.byCall[index], for: talking) }
    }
    if let cost = wishes.costMicros { result.cost(cost) }
    return result
  }

  private static func shares(_ endings: [Ending], _ wishes: ForecastWishes) -> [Ending] {
    guard !wishes.shares.isEmpty || wishes.qualifiedShare != nil else { return endings }
    // What never happened so far may be said to happen.
    let missing = standard.byCall[0].filter { one in
      !endings.contains { $0.outcome == one.outcome && $0.isPermanent == one.isPermanent }
    }.map { one in
      var one = one
      one.share = 0
      return one
    }
    var endings = endings + missing
    let before = Dictionary(uniqueKeysWithValues: Kind.allCases.map { kind in (kind, total(endings, kind)) })
    let free = Kind.allCases.filter { wishes.shares[$0] == nil }
    let freeBefore = free.reduce(0) { $0 + (before[$1] ?? 0) }
    let left = max(0, 1 - wishes.shares.values.reduce(0, +))
    for kind in Kind.allCases {
      let wanted: Double
      if let given = wishes.shares[kind] {
        wanted = given
      } else if freeBefore > 0 {
        wanted = (before[kind] ?? 0) / freeBefore * left
      } else {
        wanted = kind == free.last ? left : 0
      }
      scale(&endings, kind, to: wanted)
    }
    if let qualified = wishes.qualifiedShare {
      let answered = total(endings, .answered)
      scale(&endings, .answered, to: answered * qualified) { $0.outcome == .qualified }
      scale(&endings, .answered, to: answered * (1 - qualified)) { $0.outcome != .qualified }
    }
    return endings
  }

  private static func total(_ endings: [Ending], _ kind: Kind) -> Double {
    endings.reduce(0) { $1.kind == kind ? $0 + $1.share : $0 }
  }

  /// What had no share before gets it as the standard has it.
  private static func scale(
    _ endings: inout [Ending], _ kind: Kind, to wanted: Double, where isMeant: (Ending) -> Bool = { _ in true }
  ) {
    let meant = endings.indices.filter { endings[$0].kind == kind && isMeant(endings[$0]) }
    let sum = meant.reduce(0) { $0 + endings[$1].share }
    let usual = meant.map { index in
      standard.byCall[0].first {
        $0.outcome == endings[index].outcome && $0.isPermanent == endings[index].isPermanent
      }?.share ?? 0
    }
    let usualSum = usual.reduce(0, +)
    for (index, usual) in zip(meant, usual) {
      endings[index].share = sum > 0 ? endings[index].share / sum * wanted : usual / max(usualSum, .ulpOfOne) * wanted
    }
  }

  private static func ring(_ endings: inout [Ending], for ringing: Duration) {
    for index in endings.indices where endings[index].kind != .busy && endings[index].kind != .failed {
      endings[index].ringing = ringing
    }
  }

  private static func talk(_ endings: inout [Ending], for talking: Duration) {
    let mean = mean(endings, [.answered]) { $0.talking.inSeconds }
    for index in endings.indices where endings[index].kind == .answered {
      endings[index].talking = mean > 0 ? endings[index].talking * (talking.inSeconds / mean) : talking
    }
  }

  private mutating func cost(_ micros: Int64) {
    let mean = mean { Double($0.costMicros) }
    for call in byCall.indices {
      for index in byCall[call].indices {
        let cost = Double(byCall[call][index].costMicros)
        byCall[call][index].costMicros = mean > 0 ? Int64((cost * Double(micros) / mean).rounded()) : micros
      }
    }
  }
}
