import HTTP
import RPC
import RingmasterMessages
import RingmasterServices

/// One upload of numbers that must not be called: reads the file as it comes in and hands it on in batches, so that its
/// size costs no memory and its first numbers are barred while the rest is on its way.
struct DoNotCallUpload: Sendable {
  let lists: DoNotCallServiceClient
  let opening: OpenDoNotCallImportRequest
  let options: CallOptions

  /// Rows that the dialer takes at once.
  private static let batchSize = 5_000

  private struct Batch {
    var rows: [NewDoNotCall] = []
    var refused: [DoNotCallProblem] = []
    var number: Int32 = 0
    var count: Int { rows.count + refused.count }
  }

  /// - Returns: The summary, with the first problems by line.
  /// - Throws: 400 for a file that cannot be understood at all; then nothing was loaded. When the connection breaks off
  ///   in the middle, what was loaded stays and the upload is marked as broken off.
  func run(_ body: HTTPBody) async throws -> DoNotCallImportSummary {
    var reader = CSVReader()
    var columns: DoNotCallColumns?
    var importID: String?
    var batch = Batch()
    func send() async throws {
      guard batch.count > 0, let importID else { return }
      batch.number += 1
      var request = ImportDoNotCallRequest()
      request.importId = importID
      request.batch = batch.number
      (request.rows, request.refused) = (batch.rows, batch.refused)
      _ = try await lists.importDoNotCall(request, options: options)
      (batch.rows, batch.refused) = ([], [])
    }
    func take(_ rows: [CSVReader.Row]) async throws {
      for row in rows {
        if columns == nil {
          let known = try Self.columns(row)
          columns = known
          importID = try await lists.openDoNotCallImport(opening, options: options).importId
          if known.hasHeader { continue }
        }
        if let columns { Self.add(row, columns: columns, to: &batch) }
        if batch.count == Self.batchSize { try await send() }
      }
    }
    do {
      for try await bytes in body { try await take(reader.take(bytes)) }
      try await take(reader.finish())
      try await send()
    } catch {
      // The error that broke the upload is what the caller hears of.
      if let importID { _ = try? await close(importID, complete: false) }
      throw error
    }
    guard let importID else {
      throw HTTPError.badRequest("the file is empty; it must hold one number a line, or name a column phone")
    }
    return try await close(importID, complete: true)
  }

  private static func columns(_ row: CSVReader.Row) throws -> DoNotCallColumns {
    switch row {
    case .fault(let message, let line): throw HTTPError.badRequest("line \(line): \(message)")
    case .cells(let cells, let line):
      do {
        return try DoNotCallColumns(firstRow: cells)
      } catch {
        throw HTTPError.badRequest("line \(line): \(error.message)")
      }
    }
  }

  private static func add(_ row: CSVReader.Row, columns: DoNotCallColumns, to batch: inout Batch) {
    switch row {
    case .fault(let message, let line):
      batch.refused.append(problem(line, message))
    case .cells(let cells, let line):
      guard let values = columns.values(cells) else {
        batch.refused.append(problem(line, "the row has no cell for the number"))
        return
      }
      // The wire carries no NUL; a cell that holds one is no text.
      guard !values.number.utf8.contains(0), !values.reason.utf8.contains(0) else {
        batch.refused.append(problem(line, "the row holds a NUL character; save the file as text"))
        return
      }
      var new = NewDoNotCall()
      (new.line, new.number, new.reason) = (line, values.number, values.reason)
      batch.rows.append(new)
    }
  }

  private static func problem(_ line: Int64, _ message: String) -> DoNotCallProblem {
    var problem = DoNotCallProblem()
    (problem.line, problem.message) = (line, message)
    return problem
  }

  private func close(_ importID: String, complete: Bool) async throws -> DoNotCallImportSummary {
    var request = CloseDoNotCallImportRequest()
    (request.importId, request.complete) = (importID, complete)
    return try await lists.closeDoNotCallImport(request, options: options)
  }
}
