import Core
import HTTP
import Logging
import Metrics
import RPC
import RingmasterMessages
import RingmasterServices
import Synchronization
import Testing

@testable import Gateway

@Suite struct DoNotCallUploadTests {
  /// Takes in uploads, and remembers what it got.
  private final class Lists: DoNotCallServiceHandler {
    let opened = Mutex<[OpenDoNotCallImportRequest]>([])
    let batches = Mutex<[ImportDoNotCallRequest]>([])
    let closed = Mutex<[CloseDoNotCallImportRequest]>([])
    let fails = Mutex(false)

    func openDoNotCallImport(
      _ request: OpenDoNotCallImportRequest, context: CallContext
    ) async throws -> OpenDoNotCallImportResponse {
      opened.withLock { $0.append(request) }
      return .init(importId: "the import")
    }

    func importDoNotCall(_ request: ImportDoNotCallRequest, context: CallContext) async throws
      -> ImportDoNotCallResponse
    {
      if fails.withLock({ $0 }) { throw RPCError(.failedPrecondition, "the upload is closed") }
      batches.withLock { $0.append(request) }
      return .init(added: Int32(request.rows.count))
    }

    func closeDoNotCallImport(
      _ request: CloseDoNotCallImportRequest, context: CallContext
    ) async throws -> DoNotCallImportSummary {
      closed.withLock { $0.append(request) }
      return .init(importId: request.importId, complete: request.complete)
    }

    func addDoNotCall(_ request: AddDoNotCallRequest, context: CallContext) async throws -> DoNotCallEntry { .init() }
    func removeDoNotCall(_ request: RemoveDoNotCallRequest, context: CallContext) async throws -> DoNotCallEntry {
      .init()
    }
    func checkDoNotCall(
      _ request: CheckDoNotCallRequest, context: CallContext
    ) async throws -> CheckDoNotCallResponse { .init() }
    func listDoNotCall(_ request: ListDoNotCallRequest, context: CallContext) async throws -> ListDoNotCallResponse {
      .init()
    }
  }

  private func upload(
    _ file: String, to lists: Lists = Lists(),
    _ check: @escaping @Sendable (Lists, Result<DoNotCallImportSummary, any Error>) -> Void
  ) async throws {
    let server = RPCServer(
      endpoints: ["ipc:///tmp/do-not-call-\(UniqueID.random()).ipc"], services: [DoNotCallServiceServer(lists)])
    try server.listen()
    let client = try RPCClient(
      endpoints: server.boundEndpoints, options: RPCClientOptions(), logger: .discarding, metrics: MetricsRegistry(),
      tracer: nil)
    let upload = DoNotCallUpload(
      lists: DoNotCallServiceClient(client), opening: .init(fileName: "list.csv", defaultRegion: "AU"),
      options: CallOptions(deadline: .seconds(60), tenant: "t", actor: "api:test"))
    await withTaskGroup(of: Void.self) { group in
      group.addTask { try? await server.run() }
      let result: Result<DoNotCallImportSummary, any Error>
      do {
        result = .success(try await upload.run(HTTPBody(Array(file.utf8))))
      } catch {
        result = .failure(error)
      }
      check(lists, result)
      group.cancelAll()
    }
    await client.close()
  }

  @Test func aFileGoesOnInBatches() async throws {
    let rows = (0..<12_000).map { "+6149100\($0 + 10_000),moved" }.joined(separator: "\r\n")
    try await upload("Phone Number,Reason\r\n\(rows)") { lists, result in
      #expect((try? result.get())?.complete == true)
      #expect(lists.opened.withLock { $0.map(\.defaultRegion) } == ["AU"])
      let batches = lists.batches.withLock { $0 }
      #expect(batches.map(\.batch) == [1, 2, 3])
      #expect(batches.map(\.rows.count) == [5_000, 5_000, 2_000])
      #expect(batches[0].rows[0] == NewDoNotCall(line: 2, number: "+614910010000", reason: "moved"))
      #expect(batches[2].rows.last?.line == 12_001)
    }
  }

  @Test func aRegistersFileHasNoHeader() async throws {
    try await upload("0491570156\n0491570157\n") { lists, _ in
      let batch = lists.batches.withLock { $0.first }
      #expect(batch?.rows.map(\.number) == ["0491570156", "0491570157"])
      #expect(batch?.rows.map(\.line) == [1, 2])
    }
  }

  @Test func rowsThatCannotBeReadAreNamedByLine() async throws {
    try await upload("note,phone\nx,\"+61491570156\nx\ny,+6149\"1\n") { lists, _ in
      #expect(lists.batches.withLock { $0.first?.refused.map(\.line) } == [2])
    }
    try await upload("note,phone\nx\nx,+61491570156\nx,+61\u{0}\n") { lists, _ in
      let batch = lists.batches.withLock { $0.first }
      #expect(batch?.refused.map(\.line) == [2, 4])
      #expect(batch?.rows.map(\.line) == [3])
    }
  }

  @Test(arguments: ["", "name,city\nx,y\n", "hello\nworld\n"])
  func aFileThatCannotBeUnderstoodLoadsNothing(file: String) async throws {
    try await upload(file) { lists, result in
      #expect(throws: HTTPError.self) { try result.get() }
      #expect(lists.opened.withLock { $0.isEmpty })
    }
  }

  @Test func anUploadThatBreaksOffIsMarked() async throws {
    let lists = Lists()
    lists.fails.withLock { $0 = true }
    try await upload("+61491570156\n", to: lists) { lists, result in
      #expect(throws: RPCError.self) { try result.get() }
      #expect(lists.closed.withLock { $0.map(\.complete) } == [false])
    }
  }
}
