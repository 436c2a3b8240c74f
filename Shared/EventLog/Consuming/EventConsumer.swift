import Core
public import Lifecycle
public import Logging
public import Metrics
public import Postgres
import Synchronization

/// How a consumer goes about its work.
public struct EventConsumerOptions: Hashable, Sendable {
  /// Into how many shares the keys are divided: as many instances can work at once. Fixed once the consumer has run.
  public var partitions: Int
  /// Events handed over at a time, at most.
  public var batchLimit: Int
  /// How long one read waits for news. A service that stops finishes the reads of its log, so this holds it up.
  public var readWait: Duration
  /// Between the beginnings of two reads that find all there is: what comes in quick succession is taken in together.
  public var pace: Duration
  /// How long shares stay with an instance that is not heard of. Real time, by the database's clock.
  public var lease: Duration
  /// Between attempts at what fails.
  public var retry: Backoff

  public init(
    partitions: Int = 4, batchLimit: Int = 200, readWait: Duration = .seconds(2),
    pace: Duration = .milliseconds(50), lease: Duration = .seconds(15),
    retry: Backoff = Backoff(initial: .milliseconds(100), maximum: .seconds(30))
  ) {
    precondition((1...EventLogReader.partitionLimit).contains(partitions), "a consumer has 1 to 1024 shares")
    precondition((1...EventLogReader.eventLimit).contains(batchLimit), "a batch has 1 to 10000 events")
    precondition(readWait <= EventLogReader.waitLimit && lease > .zero, "a read waits for a minute at most")
    self.partitions = partitions
    self.batchLimit = batchLimit
    self.readWait = readWait
    self.pace = pace
    self.lease = lease
    self.retry = retry
  }
}

/// Reads a log and lets each event take effect exactly once.
///
/// The handler's effects and the cursor move in one transaction, which first checks that the cursor still stands where
/// the batch was read from: an instance that was thought dead and is not, changes nothing. The instances of a consumer
/// share the keys among them. An event whose handler fails is never skipped: it is tried again, alone, with back-off,
/// and its share waits.
public final class EventConsumer: LifecycleService {
  /// Gets events in order, and a transaction for their effects. Runs again after a failure, so effects outside of the
  /// transaction may happen more than once.
  public typealias Handler = @Sendable ([Event], PostgresTransaction) async throws -> Void

  /// The consumer's, among those of its schema.
  public let name: String
  let share: EventShare
  let pool: PostgresPool
  let options: EventConsumerOptions
  let handler: Handler
  let logger: Logger
  let metrics: EventConsumerMetrics
  let source: any EventSource
  private let workers = TaskPool(name: "event-consumer")
  private let farewell = TaskPool(name: "event-consumer-farewell")
  private let isDraining = Mutex(false)

  /// - Parameters:
  ///   - name: Names the cursor, together with `sourceName`: never to be changed.
  ///   - source: A feed's client, or an `EventLogReader`.
  ///   - sourceName: Whose log it is.
  ///   - pool: For the cursor and the handler's effects.
  ///   - schema: Where the consumer keeps its cursor; `EventLog.migrations` made the tables.
  public init(
    name: String, source: any EventSource, sourceName: String, pool: PostgresPool, schema: String,
    options: EventConsumerOptions = EventConsumerOptions(), logger: Logger = .discarding,
    metrics: MetricsRegistry = MetricsRegistry(), handler: @escaping Handler
  ) {
    self.name = name
    self.source = source
    self.pool = pool
    self.options = options
    self.handler = handler
    let fields = [LogField("consumer", name), LogField("source", sourceName)]
    self.logger = logger.with(fields)
    self.metrics = EventConsumerMetrics(metrics, source: sourceName, consumer: name)
    share = EventShare(pool: pool, schema: schema, source: sourceName, consumer: name, options: options)
  }

  public convenience init(
    name: String, source: any EventSource, sourceName: String, pool: PostgresPool, schema: String, partitions: Int,
    logger: Logger = .discarding, metrics: MetricsRegistry = MetricsRegistry(), handler: @escaping Handler
  ) {
    self.init(
      name: name, source: source, sourceName: sourceName, pool: pool, schema: schema,
      options: EventConsumerOptions(partitions: partitions), logger: logger, metrics: metrics, handler: handler)
  }

  /// Works until cancelled, then gives its shares to the other instances.
  ///
  /// Throws: `EventLogError.Code.partitionsChanged` when the consumer was begun with another number of shares.
  public func run() async throws {
    var work = Work()
    do {
      try await balance(&work)
    } catch {
      await stop(&work)
      metrics.held(0)
      // In a task of its own: this one is cancelled, and would send nothing any more.
      await farewell.spawn(id: "\(name) farewell") { [self] in await leave() }.wait()
      throw error
    }
  }

  /// What this instance works on, in one task.
  private struct Work {
    var shares: Set<Int> = []
    var task: TaskPool.Handle?
  }

  private func balance(_ work: inout Work) async throws {
    var failures = 0
    var isOpen = false
    while true {
      do {
        if !isOpen { try await share.open() }
        isOpen = true
        if !isDraining.withLock({ $0 }) { try await adopt(try await share.balance(held: work.shares), &work) }
        failures = 0
      } catch let error as EventLogError {
        throw error
      } catch {
        try Task.checkCancellation()
        failures += 1
        logger.warning("shares cannot be balanced", [.error(error)])
      }
      let delay = failures == 0 ? options.lease / 3 : options.retry.delay(attempt: failures)
      try await Task.sleep(for: min(delay, options.lease / 3))
    }
  }

  private func adopt(_ change: EventShare.Change, _ work: inout Work) async throws {
    let shares = work.shares.subtracting(change.lost).subtracting(change.surplus).union(change.gained)
    guard shares != work.shares else { return }
    await stop(&work)
    if !change.surplus.isEmpty { try await share.release(change.surplus) }
    if !shares.isEmpty {
      let worker = EventWorker(shares: shares.sorted(), consumer: self)
      work = Work(shares: shares, task: workers.spawn(id: name) { await worker.run() })
    }
    metrics.held(shares.count)
  }

  public func drain() async {
    isDraining.withLock { $0 = true }
    workers.cancelAll()
    await workers.drain()
  }

  private func stop(_ work: inout Work) async {
    let task = work.task
    work = Work()
    task?.cancel()
    await task?.wait()
  }

  private func leave() async {
    do {
      try await share.leave()
    } catch {
      logger.info("shares could not be given back and will expire", [.error(error)])
    }
  }
}
