import Core
import Postgres
public import RPC
public import RingmasterMessages
public import RingmasterServices
import Wire

/// Serves a log to other services: `EventFeedServer(EventFeed(reader))` is its RPC service.
public struct EventFeed: EventFeedHandler {
  private let reader: EventLogReader

  public init(_ reader: EventLogReader) {
    self.reader = reader
  }

  public func read(_ request: ReadEventsRequest, context: CallContext) async throws -> ReadEventsResponse {
    do {
      let page = try await reader.only(request.types).read(
        request.shares.map(Int.init), of: Int(request.partitions),
        after: request.after.map(EventPlace.init) ?? .beginning, limit: request.limit == 0 ? 500 : Int(request.limit),
        wait: .milliseconds(Int(request.waitMilliseconds)))
      return ReadEventsResponse(
        events: page.events.map(EventRecord.init), next: EventPosition(page.next), more: page.more)
    } catch let error as EventLogError {
      throw RPCError(error.code == .behindRetention ? .outOfRange : .invalidArgument, error.message)
    } catch let error as PostgresError where error.code == .unavailable || error.code == .timedOut {
      throw RPCError(.unavailable, "the log's database cannot be reached")
    }
  }
}

/// Another service's log, read by RPC.
public struct EventFeedSource: EventSource {
  /// How long an answer may take beyond the wait that was asked for.
  private static let grace: Duration = .seconds(10)

  private let client: EventFeedClient
  private let types: [String]

  /// - Parameter types: Full names of the messages that are wanted; empty for all.
  public init(_ client: EventFeedClient, types: [String] = []) {
    self.client = client
    self.types = types
  }

  public func read(
    _ shares: [Int], of partitions: Int, after: EventPlace, limit: Int, wait: Duration
  ) async throws -> EventPage {
    let request = ReadEventsRequest(
      shares: shares.map(Int32.init(clamping:)), partitions: Int32(clamping: partitions), after: EventPosition(after),
      limit: Int32(clamping: limit), waitMilliseconds: Int32(clamping: wait.microseconds / 1000), types: types)
    let response: ReadEventsResponse
    do {
      response = try await client.read(request, options: CallOptions(deadline: wait + Self.grace))
    } catch let error as RPCError where error.code == .outOfRange {
      throw EventLogError(.behindRetention, error.message)
    }
    guard let next = response.next else { throw EventLogError(.invalidResponse, "no next place") }
    return EventPage(events: try response.events.map(Event.init), next: EventPlace(next), more: response.more)
  }
}

extension EventPlace {
  init(_ position: EventPosition) {
    self.init(
      transaction: position.transaction, id: position.id,
      recordedAt: position.recordedMicroseconds == 0
        ? nil : Instant(microsecondsSince1970: position.recordedMicroseconds))
  }
}

extension EventPosition {
  init(_ place: EventPlace) {
    self.init(
      transaction: place.transaction, id: place.id,
      recordedMicroseconds: place.recordedAt?.microsecondsSince1970 ?? 0)
  }
}

extension EventRecord {
  init(_ event: Event) {
    self.init(
      position: EventPosition(event.place), tenantId: event.tenant.description, key: event.key, type: event.type,
      payload: event.payload, occurredAt: Timestamp(event.occurredAt), recordedAt: Timestamp(event.recordedAt))
  }
}

extension Event {
  init(_ record: EventRecord) throws(EventLogError) {
    guard let position = record.position, let tenant = TenantID(record.tenantId),
      let occurredAt = record.occurredAt?.instant, let recordedAt = record.recordedAt?.instant
    else { throw EventLogError(.invalidResponse, "an event without place, tenant or time") }
    var place = EventPlace(position)
    place.recordedAt = recordedAt
    self.init(
      place: place, tenant: tenant, key: record.key, type: record.type, payload: record.payload,
      occurredAt: occurredAt, recordedAt: recordedAt)
  }
}
