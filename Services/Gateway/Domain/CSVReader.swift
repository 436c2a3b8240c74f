/// Reads CSV (RFC 4180) piece by piece, as it comes in: commas, double quotes, either line ending, a byte-order mark. The
/// state is one row at most, whatever the size of the file.
struct CSVReader: Sendable {
  /// A row, or what is wrong with it.
  enum Row: Hashable, Sendable {
    case cells([String], line: Int64)
    case fault(String, line: Int64)
  }

  static let longestRow = 64 * 1024
  static let mostCells = 200

  private enum Place { case cellStart, plain, quoted, quoteInQuoted }

  private var place = Place.cellStart
  private var cell: [UInt8] = []
  private var cells: [String] = []
  private var rowBytes = 0
  /// The first fault of the row; the rest of the row is skipped.
  private var fault: String?
  private var line: Int64 = 1
  private var rowLine: Int64 = 1
  private var sawCarriageReturn = false
  private var atFileStart: [UInt8]? = []

  init() {}

  /// Takes the next bytes of the file and gives the rows that they complete.
  mutating func take(_ bytes: [UInt8]) -> [Row] {
    var rows: [Row] = []
    if var start = atFileStart {
      start += bytes
      guard start.count >= 3 else {
        atFileStart = start
        return []
      }
      atFileStart = nil
      if start.starts(with: [0xEF, 0xBB, 0xBF]) { start.removeFirst(3) }
      for byte in start { step(byte, into: &rows) }
      return rows
    }
    for byte in bytes { step(byte, into: &rows) }
    return rows
  }

  /// The file is over: gives the last row when it had no line ending.
  mutating func finish() -> [Row] {
    var rows: [Row] = []
    if let start = atFileStart {
      atFileStart = nil
      for byte in start { step(byte, into: &rows) }
    }
    if place == .quoted { fault = fault ?? "a quoted cell that begins in this row is never closed" }
    if rowBytes > 0 { endRow(into: &rows) }
    return rows
  }

  private mutating func step(_ byte: UInt8, into rows: inout [Row]) {
    let followsCarriageReturn = sawCarriageReturn
    sawCarriageReturn = false
    if byte == 0x0A && followsCarriageReturn {  // The second half of CR LF; in a quoted cell it belongs to the text.
      if place == .quoted { add(byte) }
      return
    }
    switch (place, byte) {
    case (.quoted, 0x22): place = .quoteInQuoted
    case (.quoted, _):
      if byte == 0x0A || byte == 0x0D { line += 1 }
      sawCarriageReturn = byte == 0x0D
      add(byte)
    case (.quoteInQuoted, 0x22):
      place = .quoted
      add(byte)
    case (_, 0x2C):
      rowBytes += 1
      endCell()
    case (_, 0x0A), (_, 0x0D):
      sawCarriageReturn = byte == 0x0D
      endRow(into: &rows)
      line += 1
      rowLine = line
    case (.cellStart, 0x22):
      rowBytes += 1
      place = .quoted
    case (.quoteInQuoted, _):
      fault = fault ?? "text follows a closing quote; write a quote inside a cell as two quotes"
      place = .plain
      rowBytes += 1
    case (.plain, 0x22):
      fault = fault ?? "a quote stands inside a cell that does not begin with one"
      rowBytes += 1
    case (.cellStart, _), (.plain, _):
      place = .plain
      add(byte)
    }
  }

  private mutating func add(_ byte: UInt8) {
    rowBytes += 1
    guard rowBytes <= Self.longestRow else {
      fault = fault ?? "the row is longer than \(Self.longestRow / 1024) KiB"
      cell.removeAll()
      return
    }
    cell.append(byte)
  }

  private mutating func endCell() {
    place = .cellStart
    if cells.count == Self.mostCells { fault = fault ?? "the row has more than \(Self.mostCells) cells" }
    if fault == nil {
      if let text = String(validating: cell, as: UTF8.self) {
        cells.append(text)
      } else {
        fault = "cell \(cells.count + 1) is not UTF-8; save the file as UTF-8"
      }
    }
    cell.removeAll(keepingCapacity: true)
  }

  private mutating func endRow(into rows: inout [Row]) {
    let isBlank = rowBytes == 0 && fault == nil
    endCell()
    if let fault {
      rows.append(.fault(fault, line: rowLine))
    } else if !isBlank {
      rows.append(.cells(cells, line: rowLine))
    }
    cells.removeAll(keepingCapacity: true)
    fault = nil
    rowBytes = 0
  }
}
