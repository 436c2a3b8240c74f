import Core
import Synchronization

/// Answers requests together: all that were asked while the last ones were at work go into the next batch, so that what a
/// batch costs is shared by many when there are many, and a single one waits for nobody.
public final class RequestBatcher<Request: Sendable, Answer: Sendable>: LifecycleService {
  private struct Waiting: Sendable {
    var request: Request
    var continuation: CheckedContinuation<Answer, any Error>
  }

  public let name: String
  private let most: Int
  private let pace: Duration
  private let work: @Sendable ([Request]) async throws -> [Result<Answer, any Error>]
  private let waiting = BoundedQueue<Waiting>(capacity: 10_000)
  private let isDraining = Mutex(false)
  /// Closed when everybody was answered.
  private let ended = BoundedQueue<Never>(capacity: 1)

  /// - Parameters:
  ///   - most: Requests in one batch.
  ///   - pace: Between the beginnings of two batches that are not full: what a burst costs is bounded by it, too.
  ///   - work: Answers requests in step; an error that it throws is everybody's answer.
  public init(
    name: String, most: Int, pace: Duration,
    work: @escaping @Sendable ([Request]) async throws -> [Result<Answer, any Error>]
  ) {
    self.name = name
    self.most = most
    self.pace = pace
    self.work = work
  }

  /// Requests that no batch has taken up yet.
  public var count: Int { waiting.count }

  /// - Throws: `BatcherEnded` when nobody answers any more or too many wait, else what the work threw.
  public func ask(_ request: Request) async throws -> Answer {
    try await withCheckedThrowingContinuation { continuation in
      if !waiting.offer(Waiting(request: request, continuation: continuation)) {
        continuation.resume(throwing: BatcherEnded(name: name))
      }
    }
  }

  public func run() async throws {
    defer {
      waiting.close()
      while let left = waiting.poll() { left.continuation.resume(throwing: BatcherEnded(name: name)) }
      ended.close()
    }
    while let first = try await waiting.next() {
      let began = ContinuousClock.now
      let count = await answer(from: first)
      if count < most, !isDraining.withLock({ $0 }) { try await Task.sleep(until: began + pace, clock: .continuous) }
    }
  }

  /// Answers how many there were.
  private func answer(from first: Waiting) async -> Int {
    var batch = [first]
    while batch.count < most, let next = waiting.poll() { batch.append(next) }
    do {
      let answers = try await work(batch.map(\.request))
      precondition(answers.count == batch.count, "\(name): every request has one answer")
      for (waiting, answer) in zip(batch, answers) { waiting.continuation.resume(with: answer) }
    } catch {
      for waiting in batch { waiting.continuation.resume(throwing: error) }
    }
    return batch.count
  }

  public func drain() async {
    isDraining.withLock { $0 = true }
    waiting.close()
    _ = try? await ended.next()
  }
}

/// Nobody answers: the process ends, or too many wait already.
public struct BatcherEnded: Error, Hashable, Sendable, CustomStringConvertible {
  public var name: String
  public var description: String { "\(name) takes nothing any more" }
}
