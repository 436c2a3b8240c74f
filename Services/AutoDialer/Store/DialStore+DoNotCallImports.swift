import Core
import Postgres
import RPC
import Telephony

/// Uploads to do-not-call lists, in batches.
extension DialStore {
  struct DoNotCallUpload: Hashable, Sendable {
    var list: DoNotCallList
    var fileName: String
    var source: DoNotCallEntry.Source
    /// Of rows that give none of their own.
    var reason: String
    /// Region (ISO 3166 alpha-2) of numbers without a country code; nil: they are refused.
    var defaultRegion: String?
    var actor: String
  }

  /// A row as it came, or what is wrong with it.
  struct DoNotCallRow: Hashable, Sendable {
    var line: Int64
    var number: String
    var reason: String
  }

  struct RowProblem: Hashable, Sendable {
    var line: Int64
    var message: String
  }

  struct DoNotCallCounts: Hashable, Sendable {
    var rows = 0
    var added = 0
    var known = 0
    var refused = 0
  }

  struct DoNotCallSummary: Hashable, Sendable {
    var fileName: String
    var isComplete: Bool
    var counts: DoNotCallCounts
    /// The first `mostProblems`, by line.
    var problems: [RowProblem]
  }

  /// Problems that an upload keeps; the rest is counted.
  static let mostProblems = 1_000

  func openDoNotCallImport(_ upload: DoNotCallUpload, tenant: TenantID, now: Instant) async throws -> ImportID {
    let id = ImportID(newID())
    try await pool.execute(
      query("InsertDoNotCallImport"), tenant, id, upload.list.tenant, upload.list.campaign, upload.fileName,
      upload.source.rawValue, upload.reason, upload.defaultRegion, upload.actor, now)
    return id
  }

  /// Takes in one batch of an upload, once: sent again it gives the same answer.
  func importDoNotCall(
    _ rows: [DoNotCallRow], refused: [RowProblem], batch: Int, of importID: ImportID, tenant: TenantID, now: Instant
  ) async throws -> DoNotCallCounts {
    try await pool.transaction(name: "ImportDoNotCall") { transaction in
      guard let known = try await transaction.query(query("LockDoNotCallImport"), tenant, importID).first else {
        throw RPCError(.notFound, "no upload has the id \(importID)")
      }
      if let stored = try await transaction.query(query("DoNotCallImportBatch"), tenant, importID, batch).first {
        return DoNotCallCounts(
          rows: rows.count + refused.count, added: try stored.get("added"), known: try stored.get("known"),
          refused: try stored.get("refused"))
      }
      guard try known.get("state", as: String.self) == "open" else {
        throw RPCError(.failedPrecondition, "the upload is closed; open a new one")
      }
      let upload = try DoNotCallUpload(known)
      let read = Self.read(rows, upload: upload)
      let added = try await stage(read.numbers, upload: upload, now: now, in: transaction)
      let problems = (refused + read.problems).sorted { $0.line < $1.line }
      let counts = DoNotCallCounts(
        rows: rows.count + refused.count, added: added, known: rows.count - read.problems.count - added,
        refused: problems.count)
      let kept = problems.prefix(max(0, Self.mostProblems - (try known.get("problems"))))
      try await transaction.execute(
        query("InsertDoNotCallImportBatch"), tenant, importID, batch, counts.rows, counts.added, counts.known,
        counts.refused, kept.map(\.line), kept.map(\.message))
      try await transaction.execute(query("CountDoNotCallProblems"), tenant, importID, kept.count)
      return counts
    }
  }

  func closeDoNotCallImport(
    _ importID: ImportID, complete: Bool, tenant: TenantID
  ) async throws -> DoNotCallSummary {
    try await pool.transaction(name: "CloseDoNotCallImport") { transaction in
      guard let known = try await transaction.query(query("LockDoNotCallImport"), tenant, importID).first else {
        throw RPCError(.notFound, "no upload has the id \(importID)")
      }
      var state: String = try known.get("state")
      if state == "open" {
        state = complete ? "complete" : "broken_off"
        try await transaction.execute(query("CloseDoNotCallImport"), tenant, importID, state)
      }
      let sums = try await transaction.query(query("DoNotCallImportSums"), tenant, importID)
      let problems = try await transaction.query(query("DoNotCallImportProblems"), tenant, importID)
      return DoNotCallSummary(
        fileName: try known.get("file_name"), isComplete: state == "complete",
        counts: try sums.first.map { row in
          DoNotCallCounts(
            rows: try row.get("rows"), added: try row.get("added"), known: try row.get("known"),
            refused: try row.get("refused"))
        } ?? DoNotCallCounts(),
        problems: try problems.map { RowProblem(line: try $0.get("line"), message: try $0.get("message")) })
    }
  }

  /// The numbers of a batch, each once, and the rows that hold none.
  private static func read(
    _ rows: [DoNotCallRow], upload: DoNotCallUpload
  ) -> (numbers: [NewDoNotCall], problems: [RowProblem]) {
    var numbers: [NewDoNotCall] = []
    var seen: Set<String> = []
    var problems: [RowProblem] = []
    for row in rows {
      do {
        let number = try PhoneNumber.parse(row.number, defaultRegion: upload.defaultRegion).e164
        guard seen.insert(number).inserted else { continue }
        numbers.append(NewDoNotCall(number: number, reason: row.reason.isEmpty ? upload.reason : row.reason))
      } catch {
        problems.append(RowProblem(line: row.line, message: "number: \(error)"))
      }
    }
    return (numbers, problems)
  }

  /// Streams a batch beside the list and puts in what is new. Answers how much that was.
  private func stage(
    _ numbers: [NewDoNotCall], upload: DoNotCallUpload, now: Instant, in transaction: PostgresTransaction
  ) async throws -> Int {
    guard !numbers.isEmpty else { return 0 }
    try await transaction.execute(query("CreateDoNotCallStage"))
    _ = try await transaction.copyIn(table: "do_not_call_stage", columns: ["number", "reason"]) { writer in
      for new in numbers {
        try await writer.row { line in
          line.append(new.number)
          line.append(new.reason)
        }
      }
    }
    let added = try await transaction.execute(
      query("InsertStagedDoNotCall"), upload.list.tenant, upload.list.campaign, upload.source.rawValue, upload.actor,
      now)
    if added > 0 { try await haste(numbers.map(\.number), of: upload.list, in: transaction) }
    return added
  }
}

extension DialStore.DoNotCallUpload {
  init(_ row: PostgresRow) throws {
    guard let source = DoNotCallEntry.Source(rawValue: try row.get("source")) else {
      throw PostgresError(.invalidRow, "an upload has a source that is not known here")
    }
    self.init(
      list: DoNotCallList(tenant: try row.get("list_tenant_id"), campaign: try row.get("campaign_id")),
      fileName: try row.get("file_name"), source: source, reason: try row.get("reason"),
      defaultRegion: try row.get("default_region", as: String?.self), actor: try row.get("actor"))
  }
}
