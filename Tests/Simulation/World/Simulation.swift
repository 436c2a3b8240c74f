import Core
import Glibc
import TestSupport

/// What a run gave.
struct SimulationReport: Sendable {
  var seed: UInt64
  var calls: Int
  /// By what they were.
  var steps: [String: Int]
  /// What went wrong, and what was looked at.
  var counts: [String: Int]
  var violations: [String]
  /// Of all that the witness saw, in order: the same for the same seed.
  var hash: UInt64
  /// Business time.
  var lasted: Duration
}

/// Runs worlds, one after another, on a server of its own.
struct Simulation: Sendable {
  private let lane: SimulationServer

  static func with<R: Sendable>(_ name: String, _ body: (Simulation) async throws -> R) async throws -> R {
    let lane = try await SimulationServer.start(name, owner: getpid())
    do {
      let result = try await body(Simulation(lane: lane))
      try await lane.destroy()
      return result
    } catch {
      try? await lane.destroy()  // The first error says more.
      throw error
    }
  }

  func run(_ settings: SimulationSettings) async throws -> SimulationReport {
    let database = try await SimulationDatabase.make("world", on: lane)
    let world = try World(settings, on: database)
    do {
      try await world.run()
      try await Audit(world: world).everything()
    } catch {
      world.witness.blame("seed \(settings.seed), after \(world.steps.values.reduce(0, +)) steps: \(error)")
    }
    await world.close()
    try await database.drop()
    return SimulationReport(
      seed: settings.seed, calls: world.witness.placedCalls, steps: world.steps,
      counts: world.faults.counts.merging(world.witness.counts, uniquingKeysWith: +),
      violations: world.witness.violations, hash: world.witness.hash,
      lasted: world.startsAt.duration(to: world.clock.now()))
  }
}
