import Core
public import Lifecycle
public import Logging

/// Keeps what the server knows of the sizes of a schema's tables close to the truth.
///
/// The server plans a statement by what it last counted, keeps the plan, and counts by itself about once a minute. A table
/// that was empty a moment ago and is full now is read from one end to the other meanwhile, for each key that is asked for
/// (a claim of the dialer was 40 times as slow). Here each table is counted again as soon as it has doubled, which also has
/// kept plans made anew.
public struct TableStatistics: LifecycleService {
  public let name = "table-statistics"
  private static let interval = Duration.seconds(1)
  private static let failurePause = Duration.seconds(30)

  private let pool: PostgresPool
  private let query: NamedQuery
  private let logger: Logger

  /// - Parameter schema: One that `Migrator` has made.
  public init(pool: PostgresPool, schema: String, logger: Logger = .discarding) {
    self.pool = pool
    query = NamedQuery(name: "AnalyzeGrown", sql: "select \(schema).analyze_grown() as tables")
    self.logger = logger
  }

  public func run() async throws {
    while true {
      do {
        try await refresh()
        try await Task.sleep(for: Self.interval)
      } catch let error as PostgresError {
        logger.warning("the sizes of tables could not be looked at", [.error(error)])
        try await Task.sleep(for: Self.failurePause)
      }
    }
  }

  /// One round. Answers how many tables were counted; none while another instance is at it.
  @discardableResult
  public func refresh() async throws -> Int {
    try await pool.query(query).first?.get("tables") ?? 0
  }

  /// Counting is the owner's right alone, hence "security definer". Tables of some pages are left: whatever is done with
  /// them is quick. A table that somebody else counts or cleans just now is left to the next round. A tenth of the usual
  /// sample tells sizes well enough; the server takes the whole one when it counts by itself.
  static func function(schema: String) -> String {
    """
    create or replace function \(schema).analyze_grown() returns integer
    language plpgsql security definer set search_path to \(schema) set lock_timeout to '100ms'
    set default_statistics_target to 10 as $$
    declare
      grown record;
      tables integer := 0;
    begin
      if not pg_try_advisory_xact_lock(hashtextextended('analyze_grown ' || current_schema(), 0)) then
        return 0;
      end if;
      for grown in
        select c.oid::regclass as name from pg_class c
        where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r'
          and pg_relation_size(c.oid) / current_setting('block_size')::int > 2 * greatest(c.relpages, 4)
      loop
        begin
          execute format('analyze %s', grown.name);
          tables := tables + 1;
        exception when lock_not_available then
          null;
        end;
      end loop;
      return tables;
    end
    $$
    """
  }
}
