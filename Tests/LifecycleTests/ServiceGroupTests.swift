import Core
import Glibc
import Logging
import Synchronization
import Testing

@testable import Lifecycle

@Suite struct ServiceGroupTests {
  final class Journal: Sendable {
    private let entries = Mutex<[String]>([])
    var all: [String] { entries.withLock { $0 } }
    func add(_ entry: String) { entries.withLock { $0.append(entry) } }
  }

  /// Runs until cancelled, and drains when `gate` is closed.
  final class Worker: LifecycleService {
    let name: String
    let journal: Journal
    let started = BoundedQueue<Void>(capacity: 1)
    let gate: BoundedQueue<Never>?
    let ignoresCancellation: Bool
    let failure: (any Error)?
    let endsAtOnce: Bool
    let release = BoundedQueue<Never>(capacity: 1)

    init(
      _ name: String, _ journal: Journal, gate: BoundedQueue<Never>? = nil, ignoresCancellation: Bool = false,
      failure: (any Error)? = nil, endsAtOnce: Bool = false
    ) {
      self.name = name
      self.journal = journal
      self.gate = gate
      self.ignoresCancellation = ignoresCancellation
      self.failure = failure
      self.endsAtOnce = endsAtOnce
    }

    func run() async throws {
      _ = started.offer(())
      if let failure { throw failure }
      if endsAtOnce { return }
      defer { journal.add("\(name) ended") }
      if ignoresCancellation {
        let pool = TaskPool(name: "deaf")
        await pool.spawn { _ = try? await self.release.next() }.wait()
      } else {
        _ = try await release.next()
      }
    }

    func drain() async {
      journal.add("\(name) drains")
      if let gate { _ = try? await gate.next() }
    }
  }

  struct Failure: Error {}

  let journal = Journal()

  private func group(
    _ services: [any LifecycleService], drain: Duration = .seconds(60), cancel: Duration = .seconds(60),
    signals: [Int32] = [], sink: CapturingSink = CapturingSink(), startup: ServiceGroup.Startup? = nil,
    abort: @escaping ServiceGroup.Abort = { _ in }
  ) -> ServiceGroup {
    ServiceGroup(
      services: services, drainTimeout: drain, cancelTimeout: cancel, logger: Logger(label: "test", sink: sink),
      signals: signals, startup: startup, abort: abort)
  }

  @Test func stopsInReverseOrderEachDrainedBeforeItIsCancelled() async throws {
    let services = ["a", "b", "c"].map { Worker($0, journal) }
    let group = group(services)
    group.triggerShutdown()
    try await group.run()
    #expect(journal.all == ["c drains", "c ended", "b drains", "b ended", "a drains", "a ended"])
  }

  @Test func aSignalStopsTheGroup() async throws {
    let worker = Worker("a", journal)
    let group = group([worker], signals: [SIGUSR1])
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await group.run() }
      _ = try await worker.started.next()
      kill(getpid(), SIGUSR1)
      try await tasks.waitForAll()
    }
    #expect(journal.all == ["a drains", "a ended"])
  }

  @Test func aSecondRequestCancelsAtOnce() async throws {
    let worker = Worker("a", journal, gate: BoundedQueue(capacity: 1))
    let group = group([worker])
    group.triggerShutdown()
    group.triggerShutdown()
    try await group.run()
    #expect(journal.all.contains("a ended"))
  }

  @Test func theDrainDeadlineCancelsWhatIsLeft() async throws {
    let sink = CapturingSink()
    let services = [Worker("a", journal), Worker("b", journal, gate: BoundedQueue(capacity: 1))]
    let group = group(services, drain: .milliseconds(1), sink: sink)
    group.triggerShutdown()
    try await group.run()
    #expect(journal.all.filter { $0.hasSuffix("ended") }.count == 2)
    #expect(sink.lines.contains { $0.contains("the time to drain is over; cancelling a, b") })
  }

  @Test func aFailureStopsTheOthersAndIsThrown() async throws {
    let services = [Worker("a", journal), Worker("b", journal, failure: Failure())]
    let failure = await #expect(throws: ServiceFailure.self) { try await group(services).run() }
    #expect(failure?.description == "b failed: Failure()")
    #expect(journal.all == ["a drains", "a ended"])
  }

  @Test func returningUnaskedIsAFailure() async throws {
    let services = [Worker("a", journal, endsAtOnce: true), Worker("b", journal)]
    let failure = await #expect(throws: ServiceFailure.self) { try await group(services).run() }
    #expect(failure?.description == "a ended unexpectedly")
    #expect(journal.all == ["b drains", "b ended"])
  }

  @Test func cancellingTheCallerCancelsEveryService() async throws {
    let services = [Worker("a", journal), Worker("b", journal)]
    let group = group(services)
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await group.run() }
      for service in services { _ = try await service.started.next() }
      tasks.cancelAll()
      try await tasks.waitForAll()
    }
    #expect(journal.all.sorted() == ["a ended", "b ended"])
  }

  @Test func whatDoesNotEndIsAbortedAndNamed() async throws {
    let deaf = Worker("deaf", journal, ignoresCancellation: true)
    let aborted = BoundedQueue<[String]>(capacity: 1)
    let group = group(
      [Worker("a", journal), deaf], drain: .zero, cancel: .zero,
      abort: { running in
        _ = aborted.offer(running)
        deaf.release.close()
      })
    group.triggerShutdown()
    try await group.run()
    let running = try await aborted.next()
    #expect(running?.contains("deaf") == true)
  }

  @Test func whatTheStartupGivesIsStoppedFirst() async throws {
    let last = Worker("c", journal)
    let given: [any LifecycleService] = [Worker("b", journal), last]
    let group = group([Worker("a", journal)], startup: { given })
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await group.run() }
      _ = try await last.started.next()
      group.triggerShutdown()
      try await tasks.waitForAll()
    }
    #expect(journal.all == ["c drains", "c ended", "b drains", "b ended", "a drains", "a ended"])
  }

  @Test func aStopDuringTheStartupCancelsIt() async throws {
    let never = BoundedQueue<Never>(capacity: 1)
    let group = group(
      [Worker("a", journal)],
      startup: {
        _ = try await never.next()
        return []
      })
    group.triggerShutdown()
    try await group.run()
    #expect(journal.all == ["a drains", "a ended"])
  }

  @Test func aStartupThatIsTooLateStartsNothing() async throws {
    let gate = BoundedQueue<Never>(capacity: 1)
    let given = Worker("b", journal)
    let group = group(
      [Worker("a", journal)],
      startup: {
        _ = try? await gate.next()
        return [given]
      })
    group.triggerShutdown()
    try await group.run()
    #expect(journal.all == ["a drains", "a ended"])
  }

  @Test func aStartupThatFailsStopsTheGroup() async throws {
    let group = group([Worker("a", journal)], startup: { throw Failure() })
    let failure = await #expect(throws: ServiceFailure.self) { try await group.run() }
    #expect(failure?.service == "startup" && failure?.cause is Failure)
    #expect(journal.all == ["a drains", "a ended"])
  }

  @Test(arguments: 1...100) func startingAndStoppingNeverHangs(round: Int) async throws {
    let group = group((0..<3).map { Worker("\($0)", journal) })
    await withTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try? await group.run() }
      tasks.addTask { group.triggerShutdown() }
      if round.isMultiple(of: 3) { tasks.addTask { group.triggerShutdown() } }
      if round.isMultiple(of: 2) { tasks.cancelAll() }
    }
    #expect(journal.all.filter { $0.hasSuffix("ended") }.count == 3)
  }
}
