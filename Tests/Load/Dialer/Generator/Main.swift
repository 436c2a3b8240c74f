import Core
import LoadSupport
import RPC

/// Drives auto-dialer as the rest of Ringmaster would, and measures how soon each call reaches the bridge. Prints rows of
/// a table.
///
///     dialer-load LISTEN DIALER DATABASE BUSINESS_ORIGIN REAL_ORIGIN LEADS RATE SECONDS
///
/// LISTEN is where this program stands for campaign-executor, kb-generator, media-bridge and outcome-tracker; DIALER is
/// auto-dialer's endpoint; the origins are the clock's, in seconds since 1970. See `LoadRun.run` for the rest.
@main enum Main {
  static func main() async {
    await loadProgram("dialer-load") { words in
      let numbers = words.dropFirst(3).compactMap { Int($0) }
      guard words.count == 8, numbers.count == 5, numbers[3] * numbers[4] <= numbers[2] else {
        throw LoadFailure(
          "LISTEN DIALER DATABASE BUSINESS_ORIGIN REAL_ORIGIN LEADS RATE SECONDS; enough LEADS for RATE")
      }
      let clock = ScaledClock(
        scale: 1, businessOrigin: Instant(microsecondsSince1970: Int64(numbers[0]) * 1_000_000),
        realOrigin: Instant(microsecondsSince1970: Int64(numbers[1]) * 1_000_000))
      let surroundings = try await Surroundings(database: words[2], listen: words[0], clock: clock)
      let client = try RPCClient(endpoints: [words[1]])
      try await withThrowingTaskGroup { group in
        group.addTask { try await surroundings.serve() }
        group.addTask { try await surroundings.endCalls() }
        let run = LoadRun(surroundings: surroundings, dialer: client, clock: clock)
        try await run.run(leads: numbers[2], rate: numbers[3], seconds: numbers[4])
        group.cancelAll()
      }
      await client.close()
    }
  }
}
