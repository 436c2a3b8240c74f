import Core
import Postgres

/// Which shares of a consumer's work this instance has, by rows that expire.
struct EventShare: Sendable {
  /// What balancing changed.
  struct Change: Sendable, Equatable {
    /// Newly this instance's.
    var gained: Set<Int> = []
    /// Taken by others, because this instance was not heard of for too long.
    var lost: Set<Int> = []
    /// More than its fair part: to be released once their work has stopped.
    var surplus: Set<Int> = []
  }

  let source: String
  let consumer: String
  let instance = UniqueID.random()
  let queries: EventQueries
  private let pool: PostgresPool
  private let options: EventConsumerOptions

  init(pool: PostgresPool, schema: String, source: String, consumer: String, options: EventConsumerOptions) {
    self.pool = pool
    self.source = source
    self.consumer = consumer
    self.options = options
    queries = EventQueries(schema: schema)
  }

  /// Makes the cursors and leases, unless they are there.
  ///
  /// Throws: `EventLogError.Code.partitionsChanged` when the consumer was begun with another number of shares.
  func open() async throws {
    let rows = try await pool.query(queries["CountShares"], source, consumer)
    guard let begun: Int = try rows.first?.get("partitions") else {
      try await pool.execute(queries["OpenShares"], source, consumer, options.partitions)
      return
    }
    guard begun == options.partitions else {
      throw EventLogError(
        .partitionsChanged,
        "consumer \(consumer) of \(source) was begun with \(begun) shares, not \(options.partitions)")
    }
  }

  /// Tells that this instance is there, and takes or names what it should have more or less of.
  func balance(held: Set<Int>) async throws -> Change {
    let results = try await pool.pipeline([
      (queries["JoinConsumer"], [source, consumer, instance, options.lease]),
      (queries["ForgetInstances"], [source, consumer]),
      (queries["ListInstances"], [source, consumer]),
      (queries["RenewLeases"], [source, consumer, instance, options.lease]),
    ])
    let instances: [UniqueID] = try results[2].rows.map { try $0.get("owner") }
    let kept = Set(try results[3].rows.map { try $0.get("partition", as: Int.self) })
    let fair = EventShare.fairPart(of: options.partitions, among: instances, for: instance)
    var change = Change(lost: held.subtracting(kept))
    if kept.count > fair {
      change.surplus = Set(kept.sorted().suffix(kept.count - fair))
    } else if kept.count < fair {
      let claimed = try await pool.query(
        queries["ClaimLeases"], source, consumer, instance, options.lease, fair - kept.count)
      change.gained = Set(try claimed.map { try $0.get("partition", as: Int.self) })
    }
    // Kept by the database but not worked on: this instance forgot them in a failure.
    change.gained.formUnion(kept.subtracting(held).subtracting(change.surplus))
    return change
  }

  func release(_ partitions: Set<Int>) async throws {
    try await pool.execute(queries["ReleaseLeases"], source, consumer, instance, partitions.sorted())
  }

  /// Gives everything back.
  func leave() async throws {
    try await pool.pipeline([
      (queries["ReleaseLeases"], [source, consumer, instance, Array(0..<options.partitions)]),
      (queries["LeaveConsumer"], [source, consumer, instance]),
    ])
  }

  /// How many of `count` shares `instance` should have. The parts of all instances add up to `count` and differ by one
  /// at most.
  static func fairPart(of count: Int, among instances: [UniqueID], for instance: UniqueID) -> Int {
    guard let rank = instances.sorted().firstIndex(of: instance) else { return 0 }
    return count / instances.count + (rank < count % instances.count ? 1 : 0)
  }
}
