import Core
import Postgres
import RPC
import RingmasterMessages
import Testing

@testable import AutoDialer

@Suite struct DoNotCallImportTests {
  private let tenant = CallContext(tenant: TenantID.standard.description, actor: "api:default")

  private func with(_ body: (DoNotCallRPC, Dialers) async throws -> Void) async throws {
    try await Dialers.with { dialers in
      try await body(DoNotCallRPC(store: dialers.store, clock: ManualClock(Dialers.monday)), dialers)
    }
  }

  private func open(_ rpc: DoNotCallRPC, _ request: OpenDoNotCallImportRequest = .init(fileName: "list.csv"))
    async throws
    -> String
  {
    try await rpc.openDoNotCallImport(request, context: tenant).importId
  }

  private func row(_ line: Int, _ number: String) -> NewDoNotCall { NewDoNotCall(line: Int64(line), number: number) }

  /// A mobile number of the United States that libphonenumber takes for one.
  private func number(_ index: Int) -> String { "+1\(2_125_500_000 + index)" }

  @Test func aBatchCountsOnceHoweverOftenItIsSent() async throws {
    try await with { rpc, dialers in
      let id = try await open(rpc)
      let first = ImportDoNotCallRequest(
        importId: id, batch: 1, rows: [row(1, number(1)), row(2, number(2)), row(3, number(1)), row(4, "12")],
        refused: [DoNotCallProblem(line: 5, message: "a quote is never closed")])
      let answer = try await rpc.importDoNotCall(first, context: tenant)
      #expect(answer == ImportDoNotCallResponse(added: 2, known: 1, refused: 2))
      #expect(try await rpc.importDoNotCall(first, context: tenant) == answer)
      // A second upload of the same numbers finds them there.
      let again = try await open(rpc)
      let second = ImportDoNotCallRequest(importId: again, batch: 1, rows: [row(1, number(1)), row(2, number(3))])
      #expect(try await rpc.importDoNotCall(second, context: tenant) == .init(added: 1, known: 1, refused: 0))
      #expect(try await dialers.count("select 1 from do_not_call where source = 'import'") == 3)
      let summary = try await rpc.closeDoNotCallImport(.init(importId: id, complete: true), context: tenant)
      #expect(summary.rows == 5 && summary.added == 2 && summary.known == 1 && summary.refused == 2)
      #expect(summary.complete && summary.fileName == "list.csv")
      #expect(summary.problems.map(\.line) == [4, 5])
      #expect(summary.problems.last?.message == "a quote is never closed")
      #expect(try await rpc.closeDoNotCallImport(.init(importId: id), context: tenant) == summary)
      // A batch that was taken in is still answered, another is refused.
      #expect(try await rpc.importDoNotCall(first, context: tenant) == answer)
      await #expect(throws: RPCError.self) {
        try await rpc.importDoNotCall(.init(importId: id, batch: 2), context: tenant)
      }
    }
  }

  @Test func theSameBatchSentByManyAtOnceCountsOnce() async throws {
    try await with { rpc, dialers in
      let id = try await open(rpc)
      let batch = ImportDoNotCallRequest(importId: id, batch: 1, rows: (0..<500).map { row($0, number($0)) })
      try await withThrowingTaskGroup(of: ImportDoNotCallResponse.self) { group in
        for _ in 0..<6 { group.addTask { try await rpc.importDoNotCall(batch, context: tenant) } }
        for try await answer in group { #expect(answer == .init(added: 500, known: 0, refused: 0)) }
      }
      #expect(try await dialers.count("select 1 from do_not_call") == 500)
    }
  }

  @Test func problemsBeyondAThousandAreCountedOnly() async throws {
    try await with { rpc, _ in
      let id = try await open(rpc)
      for batch in 1...2 {
        _ = try await rpc.importDoNotCall(
          .init(importId: id, batch: Int32(batch), rows: (0..<700).map { row(batch * 1_000 + $0, "x") }),
          context: tenant)
      }
      let summary = try await rpc.closeDoNotCallImport(.init(importId: id, complete: true), context: tenant)
      #expect(summary.refused == 1_400 && summary.problems.count == 1_000 && summary.added == 0)
      #expect(summary.problems.first?.line == 1_000 && summary.problems.last?.line == 2_299)
    }
  }

  @Test func aHundredThousandNumbersCanBeTakenIn() async throws {
    try await with { rpc, dialers in
      let id = try await open(rpc, .init(fileName: "register.txt", defaultRegion: "US", source: .wash))
      for batch in 0..<20 {
        let rows = (0..<5_000).map { NewDoNotCall(line: 0, number: String(number(batch * 5_000 + $0).dropFirst(2))) }
        let answer = try await rpc.importDoNotCall(
          .init(importId: id, batch: Int32(batch + 1), rows: rows), context: tenant)
        #expect(answer.added + answer.refused == 5_000)
      }
      let summary = try await rpc.closeDoNotCallImport(.init(importId: id, complete: true), context: tenant)
      #expect(summary.rows == 100_000 && summary.added > 90_000)
      #expect(try await dialers.count("select 1 from do_not_call where source = 'wash'") == Int(summary.added))
      #expect(
        try await rpc.checkDoNotCall(.init(number: number(54_321)), context: tenant).entry?.source == .wash)
    }
  }

  @Test func anUploadOfAnotherTenantIsNotThere() async throws {
    try await with { rpc, _ in
      let id = try await open(rpc)
      let other = CallContext(tenant: TenantID(UniqueID.derived(from: "other")).description, actor: "api:other")
      await #expect(throws: RPCError(.notFound, "no upload has the id \(id)")) {
        try await rpc.importDoNotCall(.init(importId: id, batch: 1), context: other)
      }
      await #expect(throws: RPCError.self) {
        try await rpc.importDoNotCall(
          .init(importId: id, batch: 1, rows: (0..<5_001).map { row($0, number($0)) }), context: tenant)
      }
    }
  }
}
