import Core
import Testing

@testable import AutoDialer

@Suite struct CircuitBreakerTests {
  private let terms = CircuitBreaker.Terms(threshold: 3, pause: .seconds(30), longestPause: .minutes(5))
  private let start = Dialers.monday

  @Test func itOpensAfterFailuresInARowAndStaysOpenLongerEachTime() {
    var breaker = CircuitBreaker()
    for _ in 0..<2 { breaker.failed(at: start, terms: terms) }
    breaker.succeeded()
    let opened = (0..<3).map { _ in breaker.failed(at: start, terms: terms) }
    #expect(opened == [false, false, true])
    var now = start
    for seconds in [30, 60, 120, 240, 300, 300] {
      #expect(breaker.gate(at: now) == .open(until: now + .seconds(seconds)))
      let lateNews = breaker.failed(at: now, terms: terms)
      #expect(!lateNews)
      now = now + .seconds(seconds)
      #expect(breaker.gate(at: now) == .probing)
      let isReopened = breaker.failed(at: now, terms: terms)
      #expect(isReopened)
    }
    breaker.succeeded()
    #expect(breaker.gate(at: now) == .closed)
  }

  @Test func onlyThePartyAtFaultIsBlamed() {
    #expect(CallFault(failure: "") == .none)
    #expect(CallFault(failure: "21211") == .none)  // The number called is not valid.
    #expect(CallFault(failure: "21212") == .callerID)
    #expect(CallFault(failure: "20003") == .provider)
    #expect(CallFault(failure: "503") == .provider)
    #expect(CallFault(failure: "no_terminal_event") == .provider)
  }

  /// However calls go: it is open only after enough failures in a row, and any success closes it.
  @Test(arguments: UInt64(1)...100)
  func itIsOpenOnlyAfterFailuresInARow(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var breaker = CircuitBreaker()
    var now = start
    var inARow = 0
    for _ in 0..<200 {
      now += .seconds(Int.random(in: 0...40, using: &generator))
      if Int.random(in: 0..<4, using: &generator) == 0 {
        breaker.succeeded()
        inARow = 0
      } else {
        breaker.failed(at: now, terms: terms)
        inARow += 1
      }
      if inARow < terms.threshold {
        #expect(breaker.gate(at: now) == .closed)
      } else {
        #expect(breaker.gate(at: now) != .closed)
      }
      if case .open(let until) = breaker.gate(at: now) { #expect(until <= now + terms.longestPause) }
    }
  }
}
