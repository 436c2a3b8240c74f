/// How often the providers fail whoever uses them: of each kind of fault the share of the occasions for it. Pure.
struct Misbehavior: Hashable, Sendable {
  /// What can go wrong, as Twilio and OpenAI really do it. A 429 is given at the door: it never comes after the call was
  /// created, while every other failure may.
  enum Kind: String, Hashable, Sendable, CaseIterable {
    /// 429 with Retry-After; nothing was done.
    case throttled
    /// 5xx; nothing was done.
    case errorBefore = "error_before"
    /// 5xx, though what was asked for was done.
    case errorAfter = "error_after"
    /// The connection breaks before anything was done.
    case closedBefore = "closed_before"
    /// The connection breaks instead of an answer; what was asked for was done.
    case closedAfter = "closed_after"
    /// The answer comes late by the wall clock; half of the time because the request was taken up late.
    case slow
    /// A callback is never sent.
    case callbackLost = "callback_lost"
    /// It is sent twice.
    case callbackDuplicated = "callback_duplicated"
    /// It is sent late, behind others.
    case callbackLate = "callback_late"
    /// It is sent behind the one that follows it.
    case callbackReordered = "callback_reordered"
    /// A media stream's connection breaks while people talk.
    case streamCut = "stream_cut"
    /// The voice engine closes a session.
    case engineCut = "engine_cut"
  }

  /// What one fault at most can happen to.
  enum Occasion: Hashable, Sendable {
    case request, callback, stream, session

    var kinds: [Kind] {
      switch self {
      case .request: [.throttled, .errorBefore, .errorAfter, .closedBefore, .closedAfter, .slow]
      case .callback: [.callbackLost, .callbackDuplicated, .callbackLate, .callbackReordered]
      case .stream: [.streamCut]
      case .session: [.engineCut]
      }
    }
  }

  static let none = Misbehavior(shares: [:])

  /// 0...1; together at most 1 for an occasion.
  private let shares: [Kind: Double]

  private init(shares: [Kind: Double]) {
    self.shares = shares
  }

  /// Reads "callback_lost=5,slow=0.5", in percent. Nil when a kind or a number is wrong, or an occasion's faults come to
  /// more than 100.
  init?(_ text: String) {
    var shares: [Kind: Double] = [:]
    for part in text.split(separator: ",") {
      let pair = part.filter { $0 != " " }.split(separator: "=", maxSplits: 1)
      guard pair.count == 2, let kind = Kind(rawValue: String(pair[0])), let percent = Double(pair[1]),
        (0...100).contains(percent)
      else { return nil }
      shares[kind] = percent / 100
    }
    let occasions: [Occasion] = [.request, .callback, .stream, .session]
    guard occasions.allSatisfy({ $0.kinds.reduce(0) { $0 + (shares[$1] ?? 0) } <= 1 }) else { return nil }
    self.shares = shares
  }

  var isNone: Bool { shares.values.allSatisfy { $0 == 0 } }

  /// What goes wrong on this occasion; nil: nothing.
  func fault(on occasion: Occasion, _ choice: Choice) -> Kind? {
    var left = choice.unit("fault")
    for kind in occasion.kinds {
      guard let share = shares[kind] else { continue }
      if left < share { return kind }
      left -= share
    }
    return nil
  }
}
