import Core
import Testing

/// Whole runs of all services under faults. One that fails names its seed; the same seed fails again, here and in the
/// program (`run.sh`), with the settings that are printed.
@Suite(.serialized)
struct SimulationTests {
  private static func run(
    _ settings: SimulationSettings, with simulation: Simulation, _ words: String = ""
  ) async throws -> SimulationReport {
    let report = try await simulation.run(settings)
    print("seed \(report.seed): --leads \(settings.leads) --pace \(settings.pace)\(words), \(report.calls) calls")
    return report
  }

  @Test(arguments: [[1, 2, 3]])
  func `fixed seeds lose no lead and place no call twice`(seeds: [UInt64]) async throws {
    try await Simulation.with("fixed") { simulation in
      var calls = 0
      for seed in seeds {
        let report = try await Self.run(SimulationSettings(seed: seed, leads: 100, pace: 2), with: simulation)
        #expect(report.violations.isEmpty, "seed \(seed): \(report.violations.joined(separator: "\n"))")
        calls += report.calls
      }
      #expect(calls > 150)
    }
  }

  @Test func `fresh seeds lose no lead and place no call twice`() async throws {
    try await Simulation.with("fresh") { simulation in
      for _ in 0..<2 {
        let seed = UInt64.random(in: 1_000...1_000_000_000)
        var settings = SimulationSettings(seed: seed, leads: 100, pace: 2)
        settings.rates = settings.rates.scaled(3)
        let report = try await Self.run(settings, with: simulation, " --rates 3")
        #expect(report.violations.isEmpty, "seed \(seed), rates × 3: \(report.violations.joined(separator: "\n"))")
      }
    }
  }

  @Test func `the witness sees a call that is placed twice`() async throws {
    try await Simulation.with("lies") { simulation in
      var settings = SimulationSettings(seed: 5, leads: 60, rates: .none, pace: 2)
      settings.rates.lie = 0.5
      let report = try await simulation.run(settings)
      #expect(
        report.violations.contains { $0.contains("an attempt was placed twice") },
        "\(report.calls) calls, \(report.violations)")
    }
  }

  @Test func `a seed gives the same run again`() async throws {
    try await Simulation.with("same") { simulation in
      // So much goes wrong that whatever chance of its own is left would show.
      var settings = SimulationSettings(seed: 77, leads: 80, pace: 2)
      settings.rates.restart = 0.01
      settings.rates = settings.rates.scaled(4)
      let (first, second) = (try await simulation.run(settings), try await simulation.run(settings))
      #expect(first.hash == second.hash)
      #expect(first.calls == second.calls)
      #expect(first.steps == second.steps)
    }
  }
}
