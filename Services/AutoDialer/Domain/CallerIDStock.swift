import Core
import Telephony

/// The numbers that one campaign may show, with today's counts. Picks one for each call and counts it. Pure.
struct CallerIDStock: Sendable {
  /// Which of the nearest numbers is shown.
  enum Style: String, Sendable, CaseIterable {
    /// That with the fewest calls today.
    case leastUsed = "least_used"
    /// That which was shown longest ago.
    case roundRobin = "round_robin"
  }

  enum Choice: Hashable, Sendable {
    case show(number: String, Finding)
    case wait(until: Instant, reason: String)
    /// Nothing will change by itself.
    case never(reason: String)
  }

  /// Why nothing can be shown.
  enum Closed: Hashable, Sendable {
    case until(Instant, String)
    /// Somebody must do something.
    case untilMended(String)
  }

  private(set) var numbers: [CallerID]
  private let places: [NumberPlace]
  private let style: Style
  /// Calls that were given each number since this was made, by the number's index.
  private(set) var used: [Int: Int] = [:]

  /// - Parameters:
  ///   - numbers: Rolled to `now` here.
  ///   - place: Where a number (E.164) is at home.
  init(_ numbers: [CallerID], style: Style, now: Instant, place: (String) -> NumberPlace = { NumberPlace($0) }) {
    self.style = style
    self.numbers = numbers.map { number in
      var number = number
      number.roll(to: now)
      return number
    }
    places = numbers.count > 1 ? numbers.map { place($0.number) } : []
  }

  /// Calls that can still show one of the numbers today; nil: any number of calls.
  func room(at now: Instant) -> Int? {
    var sum = 0
    for number in numbers {
      guard let room = number.room(at: now) else { return nil }
      sum += room
    }
    return sum
  }

  /// Why there is no room; asked only then.
  func closed(at now: Instant) -> Closed {
    guard !numbers.isEmpty else { return .untilMended("no_caller_id") }
    var earliest: (at: Instant, reason: String)?
    for number in numbers {
      if case .until(let at, let reason) = number.opening(at: now), earliest.map({ at < $0.at }) ?? true {
        earliest = (at, reason)
      }
    }
    return earliest.map { .until($0.at, $0.reason) } ?? .untilMended("no_caller_id")
  }

  /// Picks the number to show to `called` and counts the call: of the numbers that have room, the nearest, and
  /// of those as the style says.
  mutating func choose(for called: Callee.Number, at now: Instant) -> Choice {
    let place = numbers.count > 1 ? NumberPlace(called.phone, called.known) : nil  // Else there is nothing to choose.
    let open = numbers.indices.filter { numbers[$0].room(at: now) != 0 }
    guard let best = open.min(by: { precedes($0, $1, for: place) }) else {
      switch closed(at: now) {
      case .until(let until, let reason): return .wait(until: until, reason: reason)
      case .untilMended(let reason): return .never(reason: reason)
      }
    }
    numbers[best].dayCalls += 1
    numbers[best].lastUsedAt = now
    numbers[best].isProbed = numbers[best].breaker.gate(at: now) == .probing
    used[best, default: 0] += 1
    let number = numbers[best]
    let cap = number.standing.cap(on: number.day, most: number.callsPerDay)
    return .show(
      number: number.number,
      Finding(
        "caller_id", true,
        "\(number.standing.state.rawValue), call \(number.dayCalls) of \(cap.map(String.init) ?? "any number") "
          + "on \(number.day)"))
  }

  private func precedes(_ left: Int, _ right: Int, for place: NumberPlace?) -> Bool {
    let (a, b) = (numbers[left], numbers[right])
    let (near, far) = place.map { (places[left].distance(to: $0), places[right].distance(to: $0)) } ?? (0, 0)
    let (aUsed, bUsed) = (a.lastUsedAt ?? .distantPast, b.lastUsedAt ?? .distantPast)
    switch style {
    case .leastUsed: return (near, a.dayCalls, aUsed, a.number) < (far, b.dayCalls, bUsed, b.number)
    case .roundRobin: return (near, aUsed, a.dayCalls, a.number) < (far, bUsed, b.dayCalls, b.number)
    }
  }
}
