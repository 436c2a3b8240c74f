import Core
import EventLog
import JSON
import Logging
import Metrics
import Postgres
import RPC
import RingmasterMessages
import Wire

/// Who is told by webhooks, of what, and how far that has come.
struct WebhookStore: Sendable {
  let campaigns: CampaignStore
  private let catalog: QueryCatalog

  /// One tenant's.
  private static let mostEndpoints = 20

  init(campaigns: CampaignStore) throws {
    self.campaigns = campaigns
    catalog = try QueryCatalog(PackageResources.webhook_queries_sql)
  }

  var pool: PostgresPool { campaigns.pool }

  func query(_ name: String) throws -> NamedQuery { try catalog.query(name) }

  func create(
    url: String, secret: [UInt8], kinds: [String], tenant: TenantID, now: Instant
  ) async throws -> WebhookEndpoint {
    try await pool.transaction(name: "CreateWebhook") { transaction in
      let count: Int64? = try await transaction.query(query("CountEndpoints"), tenant).first?.get("endpoints")
      guard count ?? 0 < Self.mostEndpoints else {
        throw RPCError(.failedPrecondition, "there are \(Self.mostEndpoints) webhooks already; delete one first")
      }
      guard
        let row = try await transaction.query(
          query("InsertEndpoint"), tenant, WebhookID.random(), url, secret, kinds, now
        ).first
      else { throw RPCError(.internalError, "the webhook was not stored") }
      return try WebhookEndpoint(row)
    }
  }

  func endpoint(_ id: WebhookID, tenant: TenantID) async throws -> WebhookEndpoint? {
    try await pool.query(query("EndpointByID"), tenant, id).first.map(WebhookEndpoint.init)
  }

  func endpoints(tenant: TenantID, after: WebhookID, limit: Int) async throws -> [WebhookEndpoint] {
    try await pool.query(query("EndpointsPage"), tenant, after, limit).map(WebhookEndpoint.init)
  }

  func delete(_ id: WebhookID, tenant: TenantID) async throws {
    try await pool.execute(query("DeleteEndpoint"), tenant, id)
  }

  func messages(of id: WebhookID, tenant: TenantID, after: Int64, limit: Int) async throws -> [WebhookMessage] {
    try await pool.query(query("MessagesAfter"), tenant, id, after, limit).map { row in
      var message = WebhookMessage()
      message.sequence = try row.get("sequence")
      message.messageId = try row.get("message_id", as: UniqueID.self).description
      message.kind = try row.get("kind")
      message.occurredAt = Timestamp(try row.get("occurred_at", as: Instant.self))
      message.body = String(decoding: try row.get("body", as: [UInt8].self), as: UTF8.self)
      return message
    }
  }

  /// Sends everything again from a message on. What is under way is sent as well; the receiver knows it by its id.
  func replay(_ id: WebhookID, from sequence: Int64, tenant: TenantID, now: Instant) async throws -> WebhookEndpoint {
    try await pool.transaction(name: "ReplayWebhook") { transaction in
      let rows = try await transaction.query(query("LockEndpoints"), tenant)
      guard let row = try rows.first(where: { try $0.get("endpoint_id", as: WebhookID.self) == id }) else {
        throw RPCError(.notFound, "no webhook has the id \(id)")
      }
      let last: Int64 = try row.get("last_sequence")
      let kept = try await transaction.query(query("OldestMessage"), tenant, id).first?.get(
        "sequence", as: Int64?.self)
      let oldest = (kept ?? nil) ?? last + 1
      guard (oldest...last + 1).contains(sequence) else {
        throw RPCError(.outOfRange, "from_sequence: \(sequence) is outside \(oldest) to \(last + 1), which are kept")
      }
      guard let changed = try await transaction.query(query("Replay"), tenant, id, sequence - 1, now).first else {
        throw RPCError(.notFound, "no webhook has the id \(id)")
      }
      return try WebhookEndpoint(changed)
    }
  }

  /// Gives each endpoint its messages about events, in the order of the log, numbered without a gap. Runs in the transaction
  /// that moves the cursor, so an event becomes one message however often it is read.
  ///
  /// - Parameter now: Real time, from which messages age.
  func enqueue(_ events: [Event], now: Instant, in transaction: PostgresTransaction) async throws {
    var contents: [TenantID: [(event: Event, kind: WebhookKind, data: JSONValue)]] = [:]
    for event in events {
      guard let content = try WebhookKind.content(of: event) else { continue }
      contents[event.tenant, default: []].append((event, content.kind, content.data))
    }
    for (tenant, items) in contents.sorted(by: { $0.key < $1.key }) {
      for endpoint in try await transaction.query(query("LockEndpoints"), tenant) {
        let kinds: [String] = try endpoint.get("kinds")
        let wanted = items.filter { kinds.isEmpty || kinds.contains($0.kind.rawValue) }
        guard !wanted.isEmpty else { continue }
        let id: WebhookID = try endpoint.get("endpoint_id")
        let last: Int64 = try endpoint.get("last_sequence")
        let sequences = wanted.indices.map { last + 1 + Int64($0) }
        let ids = sequences.map { UniqueID.derived(from: "webhook", id.description, "\($0)") }
        let bodies = wanted.indices.map { index in
          Self.body(
            sequence: sequences[index], id: ids[index], kind: wanted[index].kind,
            occurredAt: wanted[index].event.occurredAt, data: wanted[index].data)
        }
        try await transaction.execute(
          query("InsertMessages"), tenant, id, sequences, ids, wanted.map(\.kind.rawValue), bodies,
          wanted.map(\.event.occurredAt), now)
        try await transaction.execute(query("SaveSequence"), tenant, id, last + Int64(wanted.count))
      }
    }
  }

  /// Reads the service's own log and gives endpoints their messages. One share: the order is the whole log's.
  static func queue(
    _ store: WebhookStore, from log: EventLog, schema: String, wallClock: any BusinessClock, logger: Logger,
    metrics: MetricsRegistry
  ) -> EventConsumer {
    EventConsumer(
      name: "webhooks", source: EventLogReader(pool: store.pool, log: log).only(WebhookKind.types),
      sourceName: "campaign-executor", pool: store.pool, schema: schema, partitions: 1, logger: logger, metrics: metrics
    ) { events, transaction in
      try await store.enqueue(events, now: wallClock.now(), in: transaction)
    }
  }

  private static func body(
    sequence: Int64, id: UniqueID, kind: WebhookKind, occurredAt: Instant, data: JSONValue
  ) -> [UInt8] {
    let body: JSONValue = [
      "type": .string(kind.rawValue), "id": .string(id.description), "sequence": .integer(sequence),
      "timestamp": .string(occurredAt.rfc3339), "data": data,
    ]
    return body.serializedBytes()
  }
}

extension WebhookEndpoint {
  init(_ row: PostgresRow) throws {
    self.init()
    endpointId = try row.get("endpoint_id", as: WebhookID.self).description
    url = try row.get("url")
    kinds = try row.get("kinds")
    state = try row.get("state", as: String.self) == "active" ? .active : .suspended
    lastSequence = try row.get("last_sequence")
    acknowledgedSequence = try row.get("acknowledged")
    attempts = Int32(try row.get("attempts", as: Int.self))
    lastError = try row.get("last_error")
    failingSince = try row.get("failing_since", as: Instant?.self).map(Timestamp.init)
    if acknowledgedSequence < lastSequence && state == .active {
      nextAttemptAt = Timestamp(try row.get("next_attempt_at", as: Instant.self))
    }
    createdAt = Timestamp(try row.get("created_at", as: Instant.self))
  }
}
