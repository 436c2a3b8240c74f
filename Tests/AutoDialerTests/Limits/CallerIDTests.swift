import Core
import Telephony
import Testing

@testable import AutoDialer

@Suite struct CallerIDStandingTests {
  private let start = Dialers.monday
  private let firstDay = CivilDate(daysSince1970: 20_514)

  private func day(_ offset: Int) -> CivilDate { CivilDate(daysSince1970: firstDay.daysSince1970 + offset) }

  @Test func aNewNumberWarmsUpForAWeek() {
    var standing = CallerIDStanding(warmingSince: firstDay, now: start)
    #expect((0..<9).map { standing.cap(on: day($0), most: 50) } == [20, 20, 30, 30, 40, 40, 50, 50, 50])
    #expect(standing.cap(on: day(0), most: 5) == 5)
    #expect(standing.warmupDay(on: day(5)) == 6 && standing.warmupDay(on: day(6)) == nil)
    standing.handle(.timePassed, at: start + .days(5), today: day(5))
    #expect(standing.state == .warming)
    standing.handle(.timePassed, at: start + .days(6), today: day(6))
    #expect(standing.state == .active)
    #expect(CallerIDStanding(activeAt: start).cap(on: firstDay, most: nil) == nil)
  }

  @Test func alarmsRestItAndTheThirdInSuccessionIsForPeople() {
    var standing = CallerIDStanding(activeAt: start)
    standing.handle(.alarm, at: start, today: firstDay)
    #expect(standing.state == .cooling && standing.restsUntil == start + .days(1))
    let changes = [
      standing.handle(.alarm, at: start, today: firstDay),
      standing.handle(.timePassed, at: start + .hours(23), today: day(0)),
      standing.handle(.timePassed, at: start + .days(1), today: day(1)),
    ]
    #expect(changes == [false, false, true])
    #expect(standing.state == .active && standing.judgedSince == start + .days(1))
    standing.handle(.alarm, at: start + .days(2), today: day(2))
    #expect(standing.restsUntil == start + .days(4))
    standing.handle(.timePassed, at: start + .days(4), today: day(4))
    standing.handle(.alarm, at: start + .days(5), today: day(5))
    #expect(standing.state == .quarantined)
    standing.handle(.timePassed, at: start + .days(500), today: day(500))
    #expect(standing.state == .quarantined)
    standing.handle(.activate, at: start + .days(6), today: day(6))
    #expect(standing.state == .active && standing.alarms == 0)
  }

  @Test func aRestDoesNotEndTheWarmUp() {
    var standing = CallerIDStanding(warmingSince: firstDay, now: start)
    standing.handle(.alarm, at: start, today: firstDay)
    standing.handle(.timePassed, at: start + .days(1), today: day(1))
    #expect(standing.state == .warming && standing.cap(on: day(1), most: 50) == 20)
  }

  /// Whatever happens in whatever order: what is retired stays so, only people end a quarantine, and a number in use
  /// has no rest.
  @Test(arguments: UInt64(1)...200)
  func statesFollowTheirRules(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var standing =
      Bool.random(using: &generator)
      ? CallerIDStanding(activeAt: start) : CallerIDStanding(warmingSince: firstDay, now: start)
    var now = start
    for _ in 0..<100 {
      now += .hours(Int.random(in: 0...30, using: &generator))
      let today = CivilDate(daysSince1970: firstDay.daysSince1970 + Int(start.duration(to: now) / .days(1)))
      let event = CallerIDStanding.Event.allCases.randomElement(using: &generator) ?? .alarm
      if event == .retire, Int.random(in: 0..<5, using: &generator) > 0 { continue }
      let before = standing
      let isNews = standing.handle(event, at: now, today: today)
      #expect(isNews == (before != standing))
      switch before.state {
      case .retired: #expect(!isNews)
      case .quarantined:
        if [.timePassed, .alarm, .rest].contains(event) { #expect(standing.state == .quarantined) }
      case .warming, .active, .cooling: break
      }
      #expect((standing.state == .cooling) == (standing.restsUntil != nil))
      #expect(standing.state != .warming || standing.warmupStart != nil)
      if event == .alarm, before.isInUse { #expect(!standing.isInUse) }
    }
  }
}

@Suite struct CallerIDHealthTests {
  private typealias Sample = CallerIDHealth.Sample

  private func health(_ answered: Int, of calls: Int = 50, usual: Double?, pool: Double?) -> CallerIDHealth {
    func sample(_ rate: Double?) -> Sample {
      rate.map { Sample(calls: 200, answered: Int(200 * $0), short: 0, failed: 0) } ?? Sample()
    }
    return CallerIDHealth(
      recent: Sample(calls: calls, answered: answered, short: 0, failed: 0), earlier: sample(usual),
      pool: sample(pool), isFirst: true)
  }

  @Test func aCollapseAgainstItselfAndTheOthersIsAnAlarm() throws {
    let alarm = try #require(health(5, usual: 0.4, pool: 0.4).alarm())
    #expect(alarm.alarm == .answerRate)
    #expect(alarm.detail.contains("5 of the last 50"))
    #expect(health(5, usual: nil, pool: 0.4).alarm()?.alarm == .answerRate)
    #expect(health(5, usual: 0.4, pool: nil).alarm()?.alarm == .answerRate)
  }

  @Test func aBadHourForAllNumbersIsNotOne() {
    #expect(health(5, usual: 0.4, pool: 0.1).alarm() == nil)
    #expect(health(5, usual: 0.1, pool: 0.4).alarm() == nil)
    #expect(health(0, usual: nil, pool: nil).alarm() == nil)
    #expect(health(0, of: 20, usual: 0.4, pool: 0.4).alarm() == nil)  // Too few to say.
    #expect(health(16, usual: 0.4, pool: 0.4).alarm() == nil)
  }

  @Test func peopleWhoHangUpAtOnceAreOne() {
    var health = health(20, usual: 0.4, pool: 0.4)
    health.recent.short = 11
    #expect(health.alarm() == nil)
    health.recent.short = 12
    #expect(health.alarm()?.alarm == .shortCalls)
  }
}

@Suite struct CallerIDStockTests {
  private let now = Dialers.monday

  private func number(_ e164: String, calls: Int = 0, perDay: Int? = 50, zone: String = "America/New_York") throws
    -> CallerID
  {
    let zone = try #require(TimeZoneRules.named(zone))
    return CallerID(
      number: e164, standing: CallerIDStanding(activeAt: now), tier: 1, zone: zone, callsPerDay: perDay,
      day: zone.local(at: now).date, dayCalls: calls, lastUsedAt: nil, breaker: CircuitBreaker())
  }

  private func shown(_ choice: CallerIDStock.Choice) -> String? {
    if case .show(let number, _) = choice { number } else { nil }
  }

  @Test func theNearestNumberIsShownAndOfThoseTheLeastUsed() throws {
    let numbers = try [
      number("+14155550100"), number("+12125550100", calls: 3), number("+12125550101", calls: 2),
      number("+61412345678", zone: "Australia/Sydney"), number("+16465550100"),
    ]
    var stock = CallerIDStock(numbers, style: .leastUsed, now: now)
    var order: [String?] = []
    for called in ["+12125550123", "+12125550123", "+19175550123", "+61498765432"] {
      order.append(shown(stock.choose(for: called, at: now)))
    }
    // Of the same area the least used; for 917 the numbers of the same zone, least used first.
    #expect(order == ["+12125550101", "+12125550100", "+16465550100", "+61412345678"])
    let far = stock.choose(for: "+442079460000", at: now)
    #expect(shown(far) != nil)
  }

  @Test func aNumberOfTheStateComesBeforeOneOfTheZone() {
    func distance(_ left: String, _ right: String) -> Int {
      NumberPlace(left).distance(to: NumberPlace(right))
    }
    #expect(distance("+12125550100", "+12125550123") == 0)
    #expect(distance("+12125550100", "+17165550123") == 1)  // Buffalo: New York as well.
    #expect(distance("+12125550100", "+16175550123") == 2)  // Boston: the same clock.
    #expect(distance("+12125550100", "+14155550123") == 3)
    #expect(distance("+12125550100", "+61412345678") == 4)
    #expect(distance("+15005550006", "+15005550007") == 0)  // In no plan.
  }

  @Test func roundRobinShowsWhatWasShownLongestAgo() throws {
    var stock = CallerIDStock(
      try ["+12125550100", "+12125550101", "+12125550102"].map { try number($0) }, style: .roundRobin, now: now)
    let order = (0..<6).map { shown(stock.choose(for: "+12125550123", at: now + .seconds($0))) }
    #expect(Array(order[..<3]) == Array(order[3...]) && Set(order).count == 3)
  }

  @Test func aFullDayWaitsForTheNumbersOwnMidnight() throws {
    var stock = CallerIDStock([try number("+12125550100", calls: 49)], style: .leastUsed, now: now)
    #expect(stock.room(at: now) == 1)
    let last = stock.choose(for: "+12125550123", at: now)
    #expect(shown(last) != nil)
    let midnight = try #require(Instant(rfc3339: "2026-03-03T05:00:00Z"))
    let full = stock.choose(for: "+12125550123", at: now)
    #expect(full == .wait(until: midnight, reason: "caller_id_day_cap"))
    #expect(CallerIDStock(stock.numbers, style: .leastUsed, now: midnight).room(at: midnight) == 50)
  }

  @Test func whatOnlyPeopleCanMendIsSaid() throws {
    #expect(CallerIDStock([], style: .leastUsed, now: now).closed(at: now) == .untilMended("no_caller_id"))
    var resting = try number("+12125550100")
    resting.standing.handle(.quarantine, at: now, today: resting.day)
    var stock = CallerIDStock([resting], style: .leastUsed, now: now)
    let none = stock.choose(for: "+12125550123", at: now)
    #expect(none == .never(reason: "no_caller_id"))
    var cooling = try number("+12125550101")
    cooling.standing.handle(.alarm, at: now, today: cooling.day)
    stock = CallerIDStock([resting, cooling], style: .leastUsed, now: now)
    #expect(stock.closed(at: now) == .until(now + .days(1), "caller_id_cooling"))
  }

  @Test func aNumbersOpenBreakerLetsOneCallFindOut() throws {
    var broken = try number("+12125550100")
    for _ in 0..<5 { broken.breaker.failed(at: now, terms: .callerID) }
    #expect(CallerIDStock([broken], style: .leastUsed, now: now).room(at: now) == 0)
    let later = now + .minutes(5)
    var stock = CallerIDStock([broken], style: .leastUsed, now: later)
    #expect(stock.room(at: later) == 1)
    let probe = stock.choose(for: "+12125550123", at: later)
    #expect(shown(probe) != nil)
    #expect(stock.room(at: later) == 0)
  }

  /// Whatever numbers there are and whomever they call, for days: no number makes more calls a day than it may.
  @Test(arguments: UInt64(1)...100)
  func noNumberIsShownMoreOftenThanItMay(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let zones = ["America/New_York", "Australia/Sydney", "UTC", "America/Los_Angeles"]
    var numbers = try (0..<Int.random(in: 1...5, using: &generator)).map { index in
      var number = try number("+1212555010\(index)", zone: zones.randomElement(using: &generator) ?? "UTC")
      if Bool.random(using: &generator) { number.standing = CallerIDStanding(warmingSince: number.day, now: now) }
      return number
    }
    let added = numbers
    var at = now
    var made: [String: Int] = [:]
    for _ in 0..<60 {
      at += .minutes(Int.random(in: 0...600, using: &generator))
      var stock = CallerIDStock(numbers, style: .leastUsed, now: at)
      let room = try #require(stock.room(at: at))
      var calls = 0
      for _ in 0..<Int.random(in: 0...80, using: &generator) {
        guard let number = shown(stock.choose(for: "+12125550123", at: at)) else { break }
        calls += 1
        let index = try #require(added.firstIndex { $0.number == number })
        made["\(number) \(added[index].zone.local(at: at).date)", default: 0] += 1
      }
      #expect(calls <= room)
      numbers = stock.numbers
    }
    for (index, number) in added.enumerated() {
      for offset in 0..<30 {
        let day = CivilDate(daysSince1970: number.day.daysSince1970 + offset)
        let calls = made["\(number.number) \(day)"] ?? 0
        #expect(calls <= added[index].standing.cap(on: day, most: 50) ?? 0)
      }
    }
  }
}

extension CallerIDStock {
  fileprivate mutating func choose(for called: String, at now: Instant) -> Choice {
    let known = try? PhoneNumber.parse(called, defaultRegion: nil)
    return choose(
      for: Callee.Number(index: 0, phone: called, known: known, place: LeadPlace(), consent: .unknown), at: now)
  }
}
