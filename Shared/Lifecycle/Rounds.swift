import Core
public import Logging
import Synchronization

/// Does rounds of work: the next one at once when there is more to do, else after a pause. A round that fails is logged and
/// done again.
public final class Rounds: LifecycleService {
  public let name: String
  private let pause: Duration
  private let failurePause: Duration
  private let logger: Logger
  private let failure: String
  private let round: @Sendable () async throws -> Bool
  private let isDraining = Mutex(false)

  /// - Parameters:
  ///   - pause: Real time between rounds.
  ///   - failurePause: Real time after a round that failed.
  ///   - failure: What such a round means, for the log: "due steps could not be moved; trying again".
  ///   - round: Does a bounded piece of work and says whether there is more.
  public init(
    _ name: String, every pause: Duration, afterFailure failurePause: Duration = .seconds(1), logger: Logger,
    failure: String, round: @escaping @Sendable () async throws -> Bool
  ) {
    self.name = name
    self.pause = pause
    self.failurePause = failurePause
    self.logger = logger
    self.failure = failure
    self.round = round
  }

  public func run() async {
    while !Task.isCancelled && !isDraining.withLock({ $0 }) {
      var pause = pause
      do {
        if try await round() { continue }
      } catch {
        if Task.isCancelled { return }
        logger.warning(failure, [.error(error)])
        pause = failurePause
      }
      guard (try? await Task.sleep(for: pause)) != nil else { return }
    }
  }

  public func drain() async { isDraining.withLock { $0 = true } }

  /// Does `work` for each item in turn. One that fails takes no other's turn; the first failure is thrown in the end.
  public static func each<Item>(_ items: some Sequence<Item>, work: (Item) async throws -> Void) async throws {
    var first: (any Error)?
    for item in items {
      do {
        try await work(item)
      } catch {
        if Task.isCancelled { throw error }
        first = first ?? error
      }
    }
    if let first { throw first }
  }
}
