import Core
import Postgres
import Synchronization

/// How often what goes wrong. Probabilities of one event each.
struct FaultRates: Sendable {
  /// A process dies before, or after, one of its commits, calls and requests.
  var crash = 0.0004
  /// Connections of a process break, of which one is about to commit.
  var cut = 0.0003
  /// A commit took place and the answer never came.
  var unreported = 0.0004
  /// A call between services: the request is lost, its answer is lost, it comes late, it comes twice.
  var lostRequest = 0.004
  var lostAnswer = 0.004
  var lateRequest = 0.004
  var doubledRequest = 0.004
  /// A read of another service's log fails.
  var lostRead = 0.01
  /// The provider: unreachable, says later, refuses for good; loses a request or takes it late though the caller has given up; loses an answer.
  var unreachable = 0.004
  var later = 0.008
  var refused = 0.004
  var lostPlacement = 0.004
  var latePlacement = 0.006
  var lostPlaced = 0.008
  /// A question to the provider, or a change of a call, fails.
  var deafProvider = 0.02
  /// Callbacks: lost, sent twice, minutes late.
  var lostWebhook = 0.02
  var doubledWebhook = 0.03
  var lateWebhook = 0.02
  /// A placement waits in the dialer's memory for long.
  var slowPlacement = 0.01
  /// Everything stands still for minutes while the carrier goes on. Of one look of the operator's.
  var freeze = 0.02
  /// The database server is restarted. Of one look of the operator's.
  var restart = 0.0
  /// The provider takes no call for minutes. Of one look of the operator's.
  var storm = 0.03
  /// Every process of the bridge dies and none comes back for minutes. Of one look of the operator's.
  var outage = 0.02
  /// The provider takes a call and says that it did not: nobody can do right then, and the witness must see it.
  var lie = 0.0

  static let none = FaultRates(
    crash: 0, cut: 0, unreported: 0, lostRequest: 0, lostAnswer: 0, lateRequest: 0, doubledRequest: 0, lostRead: 0,
    unreachable: 0, later: 0, refused: 0, lostPlacement: 0, latePlacement: 0, lostPlaced: 0, deafProvider: 0,
    lostWebhook: 0, doubledWebhook: 0, lateWebhook: 0, slowPlacement: 0, freeze: 0, restart: 0, storm: 0,
    outage: 0)

  /// Every rate times `factor`.
  func scaled(_ factor: Double) -> FaultRates {
    var rates = self
    for path in Self.paths { rates[keyPath: path] = min(0.5, rates[keyPath: path] * factor) }
    return rates
  }

  nonisolated(unsafe) private static let paths: [WritableKeyPath<FaultRates, Double>] = [
    \.crash, \.cut, \.unreported, \.lostRequest, \.lostAnswer, \.lateRequest, \.doubledRequest, \.lostRead,
    \.unreachable, \.later, \.refused, \.lostPlacement, \.latePlacement, \.lostPlaced, \.deafProvider, \.lostWebhook,
    \.doubledWebhook, \.lateWebhook, \.slowPlacement, \.freeze, \.restart, \.storm, \.outage,
  ]
}

/// Decides what goes wrong, and counts it.
final class Faults: Sendable {
  private struct State {
    var rates: FaultRates
    var counts: [String: Int] = [:]
  }

  private let state: Mutex<State>
  private let draws: Draws

  init(_ rates: FaultRates, draws: Draws) {
    state = Mutex(State(rates: rates))
    self.draws = draws
  }

  /// From now on nothing goes wrong any more.
  func end() { state.withLock { $0.rates = .none } }

  var counts: [String: Int] { state.withLock { $0.counts } }

  func happens(_ rate: KeyPath<FaultRates, Double>, _ name: String) -> Bool {
    guard draws.chance(state.withLock { $0.rates[keyPath: rate] }) else { return false }
    state.withLock { $0.counts[name, default: 0] += 1 }
    return true
  }

  /// Statements that change nothing, and one that runs beside others: whether they fail is not for chance to say.
  private static let harmless: Set = [
    "CallByID", "ScriptOfCall", "ActiveCampaigns", "DueCampaigns", "CampaignByID", "LeadOfTask", "ReadCursors",
    "ReadEvents", "KnownProviderCalls", "AbandonedSessions", "EndedAmong", "LiveCallsByState", "LookAgain",
    "CountShares", "OpenShares", "LeadByID", "AttemptByID", "EventHead", "EventRetention", "StayAlive",
    "ForgetDeadInstances", "NextSweep",
  ]

  /// A connection that broke fails with the error that it gives before COMMIT is sent: whether a real one would have been
  /// found out by then, and its transaction begun anew on another, is a race.
  func strike(_ moment: PostgresConfiguration.CommitMoment, _ statement: String, _ life: Life) throws {
    guard !life.isOver else { throw Crashed() }
    guard !Self.harmless.contains(statement) else { return }
    if happens(\.crash, moment == .before ? "crash before commit" : "crash after commit") {
      life.end()
      throw Crashed()
    }
    switch moment {
    case .before:
      if happens(\.cut, "connections cut") { life.breakConnections(draws.integer(1...4)) }
      if life.findsBroken() { throw PostgresError(.unavailable, "connection lost", queryName: statement) }
    case .after:
      if happens(\.unreported, "commit unreported") {
        throw PostgresError(.commitUnknown, "the answer to a commit never came", queryName: statement)
      }
    }
  }
}
