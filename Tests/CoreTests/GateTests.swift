import Core
import Testing

@Suite struct GateTests {
  @Test func whoeverWaitsLooksAgainWhenItOpens() async {
    let gate = Gate()
    let looking = Signal()
    async let waits: Void = gate.wait {
      looking.fire()
      return false
    }
    await looking.wait()
    gate.open()
    await waits
    #expect(!gate.isClosed)
  }

  @Test func nobodyWaitsForWhatIsSoAlready() async {
    await Gate().wait { true }
  }

  @Test func aClosedGateHoldsNobody() async {
    let gate = Gate()
    gate.close()
    await gate.wait()
    #expect(gate.isClosed)
  }

  @Test func cancellingEndsTheWait() async {
    let gate = Gate()
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await gate.wait() }
      group.cancelAll()
    }
    #expect(!gate.isClosed)
  }

  @Test(arguments: 1...50) func aSignalIsNeverMissed(round: Int) async {
    let signal = Signal()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<4 { group.addTask { await signal.wait() } }
      signal.fire()
    }
    #expect(signal.hasFired)
  }
}
