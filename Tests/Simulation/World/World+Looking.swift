import Core
import Postgres
import Synchronization

/// What happens by the way: faults of the whole installation, checks, and the end.
extension World {
  /// One look at everything, every few minutes of business time.
  func lookRound() async -> Bool {
    do {
      if faults.happens(\.freeze, "freeze") { freeze(for: draws.seconds(20...300)) }
      if faults.happens(\.storm, "storm at the provider") { carrier.storm(for: draws.seconds(30...600)) }
      if faults.happens(\.outage, "bridge away") { closeBridge(for: draws.seconds(30...600)) }
      if faults.happens(\.restart, "database restarted") {
        try await restartDatabase()
      }
      // What the server would do by itself, at times that follow from the seed.
      if draws.chance(0.02) { try await database.admin.sql("vacuum analyze") }
      let audit = Audit(world: self)
      try await audit.invariants()
      await people?.mend(try await audit.paused())
      if draws.chance(0.5) { await inquire() }
      if let due = try await audit.nextDue(), due > clock.now() { wakeDialers(at: due) }
      if isOperatorThrough, carrier.liveCalls == 0, try await audit.isOver(), !isEnding {
        // From here on nothing goes wrong: what is still open must settle by itself.
        faults.end()
        end(at: clock.now() + .hours(3))
      }
    } catch {
      witness.blame("a check could not be made: \(error)")
    }
    return carrier.liveCalls > 0
  }

  /// Somebody asks why leads are called or not. What a process does that dies over it says nothing.
  private func inquire() async {
    guard let dialer else { return }
    await run(on: dialer.host) {
      do {
        try await Inquirer(world: self, dialer: dialer).ask()
      } catch {
        if dialer.host.isAlive, !(error is PostgresError) { witness.blame("a question was not answered: \(error)") }
      }
    }
  }
}
