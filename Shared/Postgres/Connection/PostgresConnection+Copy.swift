internal import CPostgres
import Core
import Synchronization

extension PostgresConnection {
  /// Chunks that libpq may hold on to while the socket is full, before the writer has to wait.
  private static let unflushedLimit = 4

  /// Streams rows in binary form. Leaves the transaction open, with its statement time-out as it was.
  func copyIn(
    table: String, columns: [String], _ body: (PostgresCopyWriter) async throws -> Void
  ) async throws -> Int {
    guard !columns.isEmpty else { throw PostgresError(.syntax, "COPY into no columns") }
    let target = table.split(separator: ".", omittingEmptySubsequences: false).map { quoted(String($0)) }
      .joined(separator: ".")
    let list = columns.map(quoted).joined(separator: ", ")
    var batch = EncodedBatch()
    // How long rows take to come is the client's affair.
    try batch.append(PostgresStatement(CopyQueries.withoutTimeout))
    try batch.append(
      PostgresStatement(NamedQuery(name: "copy columns", sql: "select \(list) from \(target) where false")))
    let prelude = try await run(batch)
    guard prelude.count == 2, let timeout: String = try prelude[0].rows.first?.get("timeout") else {
      throw PostgresError(.server, "COPY's columns are unknown")
    }
    let types = (0..<PQnfields(prelude[1].handle)).map { PQftype(prelude[1].handle, $0) }
    _ = try await simple("copy \(target) (\(list)) from stdin (format binary)", name: "copy", kind: .copyStart)
    let writer = PostgresCopyWriter(self, columns: columns, types: types)
    do {
      try await body(writer)
      try await writer.finish()
    } catch {
      _ = try? await endCopy(reason: "the client gave up")  // Its verdict is that the client gave up.
      throw error
    }
    let results = try await endCopy(reason: nil)
    batch = EncodedBatch()
    try batch.append(PostgresStatement(CopyQueries.setTimeout, timeout))
    _ = try await run(batch)
    return results.first?.affected ?? 0
  }

  /// Hands libpq a chunk of COPY data, and to the socket what that takes.
  ///
  /// Returns: whether to wait for `waitForFlush` before the next: the socket is full and a few chunks are held already.
  func putCopyData(_ bytes: UnsafeRawBufferPointer) throws(PostgresError) -> Bool {
    let chunk = Chunk(bytes: bytes)
    return try state.withLock { (state) throws(PostgresError) in
      guard let handle = state.handle else {
        throw state.failure ?? PostgresError(.unavailable, "the connection is closed")
      }
      let status = PQputCopyData(
        handle, chunk.bytes.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(chunk.bytes.count))
      guard status == 1 else { throw PostgresError(.server, errorMessage(handle), queryName: "copy") }
      if state.watchesWriting {
        state.unflushedChunks += 1
      } else {
        flush(&state, handle)
      }
      return state.watchesWriting && state.unflushedChunks >= PostgresConnection.unflushedLimit
    }
  }

  /// Returns when libpq has handed everything to the socket.
  func waitForFlush() async throws {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isFlushed = state.withLock { state in
          guard state.handle != nil, state.watchesWriting, !Task.isCancelled else { return true }
          state.flushWaiter = continuation
          return false
        }
        if isFlushed { continuation.resume() }
      }
    } onCancel: {
      state.withLock { takeFlushWaiter(&$0) }?.resume()
    }
    try Task.checkCancellation()
    if let failure { throw failure }
  }

  /// Ends the data, well or with `reason`, and waits for the server's verdict.
  private func endCopy(reason: String?) async throws -> [ResultStorage] {
    try await wait(isCancellable: reason == nil) { [self] answer in
      start(.copyEnd, [.query(NamedQuery(name: "copy", sql: ""))], hasDeadline: false, answer) { _, handle in
        PQputCopyEnd(handle, reason) == 1 ? nil : errorMessage(handle)
      }
    }
  }
}

/// Bytes on their way into libpq. Sendable, because they are read by the calling thread, before the call returns.
private struct Chunk: @unchecked Sendable {
  let bytes: UnsafeRawBufferPointer
}

private enum CopyQueries {
  static let withoutTimeout = NamedQuery(
    name: "copy without timeout",
    sql: "select current_setting('statement_timeout') as timeout, set_config('statement_timeout', '0', true)")
  static let setTimeout = NamedQuery(name: "copy timeout", sql: "select set_config('statement_timeout', $1, true)")
}

/// A name as SQL writes it (PostgreSQL 16 manual, section 4.1.1).
func quoted(_ name: String) -> String {
  "\"" + name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
}
