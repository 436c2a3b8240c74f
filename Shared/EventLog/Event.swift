public import Core
public import Wire

/// A place in a log. Ordered by `transaction`, then by `id`.
public struct EventPlace: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// Number of the transaction that wrote the event, as its database counts them.
  public var transaction: UInt64
  /// Number of the event in its log; ascends within a transaction.
  public var id: Int64
  /// When the event here was written, by its database's clock. Not part of the order or of equality.
  public var recordedAt: Instant?

  /// Before the first event.
  public static let beginning = EventPlace(transaction: 0, id: 0)

  public init(transaction: UInt64, id: Int64, recordedAt: Instant? = nil) {
    self.transaction = transaction
    self.id = id
    self.recordedAt = recordedAt
  }

  public var description: String { "\(transaction)/\(id)" }

  public static func == (left: EventPlace, right: EventPlace) -> Bool {
    left.transaction == right.transaction && left.id == right.id
  }

  public static func < (left: EventPlace, right: EventPlace) -> Bool {
    (left.transaction, left.id) < (right.transaction, right.id)
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(transaction)
    hasher.combine(id)
  }
}

/// One fact, as it was read.
public struct Event: Hashable, Sendable {
  public var place: EventPlace
  public var tenant: TenantID
  /// What the fact is about. Facts with one key are read in the order in which they were written.
  public var key: String
  /// Full name of the message in `payload`, such as `ringmaster.v1.CallEnded`.
  public var type: String
  public var payload: [UInt8]
  /// Business time of what happened.
  public var occurredAt: Instant
  /// Database time of its writing.
  public var recordedAt: Instant

  public init(
    place: EventPlace, tenant: TenantID, key: String, type: String, payload: [UInt8], occurredAt: Instant,
    recordedAt: Instant
  ) {
    self.place = place
    self.tenant = tenant
    self.key = key
    self.type = type
    self.payload = payload
    self.occurredAt = occurredAt
    self.recordedAt = recordedAt
  }

  /// Number of the event in its log.
  public var id: Int64 { place.id }
}

/// A fact to be written.
public struct NewEvent: Hashable, Sendable {
  public var key: String
  public var type: String
  public var payload: [UInt8]

  /// - Parameters:
  ///   - key: What the fact is about, such as a lead's id: what has one key keeps its order.
  ///   - type: Full name of the message in `payload`.
  public init(key: String, type: String, payload: [UInt8]) {
    self.key = key
    self.type = type
    self.payload = payload
  }

  public init(key: String, message: some WireMessage) {
    self.init(key: key, type: Swift.type(of: message).fullName, payload: message.encoded())
  }
}
