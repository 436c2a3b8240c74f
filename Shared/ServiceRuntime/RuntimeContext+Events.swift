public import EventLog
public import Lifecycle
import RingmasterServices

extension RuntimeContext {
  /// Serves the facts of the service's own log to whoever reads them.
  ///
  /// - Returns: What keeps the log's partitions, to be run with the service.
  public func serveFeed(of log: EventLog) -> any LifecycleService {
    serve(EventFeedServer(EventFeed(EventLogReader(pool: pool, log: log))))
    return EventLogMaintenance(pool: pool, log: log, logger: logger)
  }

  /// Takes in the facts of another service, each exactly once.
  ///
  /// - Parameters:
  ///   - endpoints: Where the owner of the facts is.
  ///   - source: The owner's program name; names the cursor, so it never changes.
  ///   - schema: This service's own, which keeps the cursor.
  ///   - types: Full names of the messages that are wanted, where the source tells of much more; empty for all.
  public func consume(
    _ endpoints: [String], source: String, schema: String, types: [String] = [],
    handler: @escaping EventConsumer.Handler
  ) throws -> EventConsumer {
    EventConsumer(
      name: "\(schema)-from-\(source)", source: EventFeedSource(try EventFeedClient(client(endpoints)), types: types),
      sourceName: source, pool: pool, schema: schema, logger: logger, metrics: metrics, handler: handler)
  }
}
