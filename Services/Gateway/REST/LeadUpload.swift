import HTTP
import JSON
import RPC
import RingmasterMessages
import RingmasterServices
import Wire

/// One upload of leads: reads the file as it comes in and hands it on in batches, so that its size costs no memory and
/// its first leads are callable while the rest is on its way.
struct LeadUpload: Sendable {
  let campaigns: CampaignServiceClient
  let campaign: String
  let fileName: String
  let options: CallOptions

  /// Rows that campaign-executor takes at once.
  private static let batchSize = 4000
  /// Rows of the first batch, so that its leads are callable the sooner.
  private static let firstBatchSize = 1000
  /// Problems listed in the answer; the rest is counted.
  private static let mostProblems = 10_000

  private struct Batch {
    var leads: [NewLead] = []
    var refused: [LeadProblem] = []
    var number: Int32 = 0
    var count: Int { leads.count + refused.count }
  }

  /// What came of the batches so far.
  private struct Report {
    var problems: [LeadProblem] = []
    var omitted = 0

    mutating func add(_ answer: ImportLeadsResponse) {
      let room = max(0, LeadUpload.mostProblems - problems.count)
      problems += answer.problems.prefix(room).map(LeadUpload.named)
      omitted += max(0, answer.problems.count - room)
    }
  }

  /// - Returns: The summary with the problems, each with its line.
  /// - Throws: 400 for a file that cannot be understood at all; then nothing was loaded. When the connection breaks off
  ///   in the middle, what was loaded stays and the upload is marked as broken off.
  func run(_ body: HTTPBody) async throws -> JSONValue {
    try await withThrowingTaskGroup(of: ImportLeadsResponse.self) { group in try await run(body, &group) }
  }

  /// - Parameter group: Has the batch that is on its way while the next one is being read: one at a time, so that rows
  ///   come in the order of their lines.
  private func run(
    _ body: HTTPBody, _ group: inout ThrowingTaskGroup<ImportLeadsResponse, any Error>
  ) async throws -> JSONValue {
    var reader = CSVReader()
    var columns: LeadColumns?
    var importID: String?
    var batch = Batch()
    var report = Report()
    func send() async throws {
      if let answer = try await group.next() { report.add(answer) }
      guard batch.count > 0, let importID else { return }
      batch.number += 1
      var request = ImportLeadsRequest()
      request.campaignId = campaign
      request.importId = importID
      request.batch = batch.number
      request.leads = batch.leads
      request.refused = batch.refused
      group.addTask { [request] in try await campaigns.importLeads(request, options: options) }
      (batch.leads, batch.refused) = ([], [])
    }
    func take(_ rows: [CSVReader.Row]) async throws {
      for row in rows {
        guard let known = columns else {
          columns = try Self.header(row)
          importID = try await open()
          continue
        }
        Self.add(row, columns: known, to: &batch)
        if batch.count == (batch.number == 0 ? Self.firstBatchSize : Self.batchSize) { try await send() }
      }
    }
    do {
      for try await bytes in body { try await take(reader.take(bytes)) }
      try await take(reader.finish())
      try await send()
      try await send()  // Nothing is left: waits for the last answer.
    } catch {
      _ = try? await group.next()  // What is on its way belongs to what was loaded.
      if let importID { await close(importID, complete: false) }
      throw error
    }
    guard let importID else {
      throw HTTPError.badRequest("the file is empty; its first row must name the columns, phone among them")
    }
    let summary = try await campaigns.closeImport(closing(importID, complete: true), options: options)
    return Self.answer(summary, report)
  }

  private static func header(_ row: CSVReader.Row) throws -> LeadColumns {
    switch row {
    case .fault(let message, let line): throw HTTPError.badRequest("line \(line): \(message)")
    case .cells(let cells, let line):
      do {
        return try LeadColumns(header: cells)
      } catch {
        throw HTTPError.badRequest("line \(line): \(error.message)")
      }
    }
  }

  private static func add(_ row: CSVReader.Row, columns: LeadColumns, to batch: inout Batch) {
    switch row {
    case .fault(let message, let line):
      batch.refused.append(problem(line, "row", message))
    case .cells(let cells, let line):
      guard let values = columns.values(cells) else {
        batch.refused.append(
          problem(line, "row", "has \(cells.count) cells, the header \(columns.count); quote cells that hold commas"))
        return
      }
      // The wire carries no NUL; a cell that holds one is no text.
      guard !cells.contains(where: { $0.utf8.contains(0) }) else {
        batch.refused.append(problem(line, "row", "holds a NUL character; save the file as text"))
        return
      }
      do {
        batch.leads.append(try NewLead(values, line: line))
      } catch {
        batch.refused.append(problem(line, error.column, error.message))
      }
    }
  }

  private static func problem(_ line: Int64, _ field: String, _ message: String) -> LeadProblem {
    var problem = LeadProblem()
    problem.line = line
    problem.kind = .invalid
    problem.field = field
    problem.message = message
    return problem
  }

  /// The problem with the file's name of the field: its number 0 is the column phone2.
  static func named(_ problem: LeadProblem) -> LeadProblem {
    guard problem.field.hasPrefix("numbers["), let index = problem.field.dropFirst(8).first.flatMap({ Int(String($0)) })
    else { return problem }
    var named = problem
    let field = problem.field.split(separator: ".").last.map(String.init) ?? "phone"
    named.field = "phone\(index + 2)" + (field == "phone" ? "" : "_\(field)")
    return named
  }

  private func open() async throws -> String {
    var request = OpenImportRequest()
    request.campaignId = campaign
    request.fileName = fileName
    return try await campaigns.openImport(request, options: options).importId
  }

  private func closing(_ importID: String, complete: Bool) -> CloseImportRequest {
    var request = CloseImportRequest()
    request.campaignId = campaign
    request.importId = importID
    request.complete = complete
    return request
  }

  /// Marks an upload that broke off; the error that broke it is what the caller hears of.
  private func close(_ importID: String, complete: Bool) async {
    _ = try? await campaigns.closeImport(closing(importID, complete: complete), options: options)
  }

  private static func answer(_ summary: ImportSummary, _ report: Report) -> JSONValue {
    var object = summary.json.objectValue ?? [:]
    object["problems"] = .array(report.problems.map(\.json))
    if report.omitted > 0 { object["problemsOmitted"] = .integer(Int64(report.omitted)) }
    return .object(object)
  }
}
