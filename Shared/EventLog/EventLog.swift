public import Core
public import Postgres

/// The facts of one schema: appended in the transaction of what they tell of, read by whoever cares.
public struct EventLog: Sendable {
  /// What a schema that has a log, or consumes one, needs; to be applied before the schema's own migrations.
  public static var migrations: [Migration] {
    [
      Migration(
        component: "event_log", number: 1, name: "event_log",
        sql: String(decoding: PackageResources.m0001_event_log_sql, as: UTF8.self)),
      Migration(
        component: "event_log", number: 2, name: "plain_payloads",
        sql: String(decoding: PackageResources.m0002_plain_payloads_sql, as: UTF8.self)),
      Migration(
        component: "event_log", number: 3, name: "one_index",
        sql: String(decoding: PackageResources.m0003_one_index_sql, as: UTF8.self)),
    ]
  }

  /// Events that one statement appends at most.
  private static let batchLimit = 1000

  /// Bytes of a payload: an event travels in one message.
  public static let payloadLimit = 4 << 20

  public let schema: String
  let bell: EventBell
  private let append: NamedQuery

  public init(schema: String) {
    self.schema = schema
    bell = EventBell()
    append = EventQueries(schema: schema)["AppendEvents"]
  }

  /// Appends facts, in order. They can be read once `transaction` has committed and every transaction that wrote before
  /// it has ended; readers in this process are told when it commits. They are sent together with COMMIT, which fails for a
  /// transaction that is older than an hour.
  ///
  /// - Parameter at: Business time at which it happened.
  ///
  /// Throws: `EventLogError.Code.invalidArgument` for a payload above `payloadLimit`; `PostgresError` when the transaction
  /// is over.
  public func append(
    _ events: [NewEvent], in transaction: PostgresTransaction, at: Instant, tenant: TenantID
  ) throws {
    guard !events.isEmpty else { return }
    if let large = events.first(where: { $0.payload.count > EventLog.payloadLimit }) {
      throw EventLogError(.invalidArgument, "an event of type \(large.type) with \(large.payload.count) bytes")
    }
    var rest = events[...]
    while !rest.isEmpty {
      let batch = rest.prefix(EventLog.batchLimit)
      rest = rest.dropFirst(EventLog.batchLimit)
      try transaction.runWithCommit([
        PostgresStatement(
          append, tenant, at, batch.map(\.key), batch.map { EventLog.hash(of: $0.key) }, batch.map(\.type),
          batch.map(\.payload))
      ])
    }
    transaction.onCommit { [bell] in bell.ring() }
  }

  /// Which of `partitions` shares the facts about `key` are in.
  static func share(of key: String, among partitions: Int) -> Int { Int(hash(of: key)) % partitions }

  /// The same in every process, for ever: consumers share keys by it.
  static func hash(of key: String) -> Int32 {
    Int32(truncatingIfNeeded: hash64(key) & 0x7FFF_FFFF)
  }
}
