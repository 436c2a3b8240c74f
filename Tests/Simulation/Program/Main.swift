import Core
import Glibc

/// Runs worlds until so many calls were placed, and says what went wrong.
@main
enum Main {
  private struct Options {
    var seed: UInt64 = 1
    var calls = 2_000
    var leads = 2_000
    /// From one world's seed to the next one's.
    var every: UInt64 = 1
    var rates = 1.0
    /// Of storms and outages, when not as the rates say.
    var storms: Double?
    var pace = 1.0
    /// Calls at once of every campaign.
    var concurrency: Int?
  }

  static func main() async throws {
    var options = Options()
    var arguments = CommandLine.arguments.dropFirst()
    while let name = arguments.popFirst(), let value = arguments.popFirst() {
      switch name {
      case "--seed": options.seed = UInt64(value) ?? options.seed
      case "--calls": options.calls = Int(value) ?? options.calls
      case "--leads": options.leads = Int(value) ?? options.leads
      case "--every": options.every = UInt64(value) ?? options.every
      case "--rates": options.rates = Double(value) ?? options.rates
      case "--concurrency": options.concurrency = Int(value)
      case "--pace": options.pace = Double(value) ?? options.pace
      case "--storms": options.storms = Double(value)
      default:
        print(
          "usage: simulation [--seed N] [--calls N] [--leads N (of one world)] [--every N] [--rates FACTOR] [--storms PROBABILITY] [--concurrency N] [--pace FACTOR]"
        )
        exit(64)
      }
    }
    exit(try await run(options) ? 0 : 1)
  }

  /// World k of a run has the seed `seed + k`, whichever lane it runs in.
  private static func run(_ options: Options) async throws -> Bool {
    let started = ContinuousClock.now
    let sums = try await Simulation.with("run") { simulation in
      var sums = Sums()
      var seed = options.seed
      while sums.calls < options.calls {
        var settings = SimulationSettings(seed: seed, leads: options.leads)
        settings.rates.restart = 0.001
        settings.rates = settings.rates.scaled(options.rates)
        settings.concurrency = options.concurrency
        settings.pace = options.pace
        if let storms = options.storms { (settings.rates.storm, settings.rates.outage) = (storms, storms) }
        sums.add(try await simulation.run(settings), after: started.duration(to: .now))
        seed += options.every
      }
      return sums
    }
    return sums.sayAll(after: started.duration(to: .now))
  }
}

/// Writes a line at once, also to a file.
private func say(_ line: String) {
  let bytes = Array((line + "\n").utf8)
  _ = write(STDOUT_FILENO, bytes, bytes.count)
}

/// The sums of a run.
private struct Sums {
  private(set) var calls = 0
  private var worlds = 0
  private var steps: [String: Int] = [:]
  private var lasted = Duration.zero
  private var counts: [String: Int] = [:]
  private var failed: [UInt64] = []

  mutating func add(_ report: SimulationReport, after elapsed: Duration) {
    calls += report.calls
    worlds += 1
    steps.merge(report.steps, uniquingKeysWith: +)
    lasted += report.lasted
    counts.merge(report.counts, uniquingKeysWith: +)
    say(
      "seed \(report.seed): \(report.calls) calls, \(report.steps.values.reduce(0, +)) steps, \(Int(report.lasted.inSeconds / 3_600)) h, hash "
        + "\(String(report.hash, radix: 16)); \(calls) calls so far, \(Int(Double(calls) / elapsed.inSeconds)) a second"
    )
    guard !report.violations.isEmpty else { return }
    failed.append(report.seed)
    for violation in report.violations { say("VIOLATION (seed \(report.seed)): \(violation)") }
  }

  /// False when something was violated.
  func sayAll(after elapsed: Duration) -> Bool {
    say(
      "\(calls) calls in \(worlds) worlds, \(steps.values.reduce(0, +)) steps, \(Int(lasted.inSeconds / 86_400)) days of business time, "
        + "\(Int(elapsed.inSeconds)) s, \(Int(Double(calls) / elapsed.inSeconds)) calls a second")
    let kinds = steps.sorted { $0.value > $1.value }.prefix(40).map { "\($0.key) \($0.value)" }
    say("steps: \(kinds.joined(separator: ", "))")
    for (name, count) in counts.sorted(by: { $0.key < $1.key }) { say("  \(name): \(count)") }
    say(failed.isEmpty ? "nothing was violated" : "violated with seeds \(failed)")
    return failed.isEmpty
  }
}
