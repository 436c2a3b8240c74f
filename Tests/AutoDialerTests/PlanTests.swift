import Postgres
import Testing

@testable import AutoDialer

@Suite struct PlanTests {
  /// The table is young, as it is for the planner when most of its rows are dead: what leads to the fewest rows must be
  /// chosen all the same, since plans are kept.
  @Test(
    arguments: [
      "MarkPlaced", "MarkUnknown", "EndAttempts", "EndLateAttempts", "SettleAttempts", "RenewSlot", "WithdrawAttempt",
    ])
  func callsUnderWayAreFoundByTheirIDs(statement: String) async throws {
    try await Dialers.with { dialers in
      let sql = try dialers.store.query(statement).sql
      let plan = try await dialers.pool.transaction(name: "explain") { transaction in
        try await transaction.execute(
          NamedQuery(
            name: "explaining",
            sql: """
              create function pg_temp.explained(statement text) returns setof text language plpgsql as
              $$ begin return query execute 'explain (generic_plan) ' || statement; end $$
              """))
        return try await transaction.query(
          NamedQuery(name: "explain", sql: "select * from pg_temp.explained($1) as line"), sql
        ).map { try $0.get("line", as: String.self) }
      }
      let scans = plan.indices.filter { plan[$0].contains("Scan on under_way ") || plan[$0].contains("under_way_pkey") }
      #expect(!scans.isEmpty)
      for scan in scans {
        #expect(!plan[scan].contains("Seq Scan") && plan[scan + 1].contains(" Cond: (call_id = "), "\(plan)")
      }
      // Of several calls: a join would be a loop within a loop, which held a hundred rows against a hundred calls.
      let joins = plan.contains { $0.contains("Nested Loop") || $0.contains(" Join ") }
      #expect(!joins || !sql.contains("any ($2::uuid[])"), "\(plan)")
    }
  }
}
