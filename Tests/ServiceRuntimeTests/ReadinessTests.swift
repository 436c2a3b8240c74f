import Core
import Testing

@testable import ServiceRuntime

@Suite struct ReadinessTests {
  struct Failure: Error, CustomStringConvertible {
    var description: String { "the cable is out" }
  }

  @Test func aServiceIsReadyWhenItServesAndEveryCheckHolds() async {
    let readiness = Readiness()
    readiness.add("database") {}
    #expect(await !readiness.look().isReady)
    readiness.enter(.serving)
    #expect(await readiness.look().isReady)
    readiness.enter(.stopping)
    #expect(await !readiness.look().isReady)
  }

  @Test func whatIsWrongIsSaid() async {
    let readiness = Readiness()
    readiness.enter(.serving)
    readiness.add("database") { throw Failure() }
    readiness.add("rpc") {}
    let report = await readiness.look()
    #expect(!report.isReady)
    #expect(
      report.json == [
        "ready": false, "phase": "serving",
        "checks": ["database": ["ok": false, "problem": "the cable is out"], "rpc": ["ok": true]],
      ])
  }

  @Test func aCheckThatHangsDoesNotHold() async {
    let readiness = Readiness(patience: .milliseconds(1))
    readiness.enter(.serving)
    readiness.add("database") { _ = try await BoundedQueue<Never>(capacity: 1).next() }
    #expect(await readiness.look().problems.first?.problem == "no answer within 0.001 seconds")
  }
}
