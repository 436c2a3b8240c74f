/// A table for a terminal: columns as wide as their widest cell, numbers to the right.
struct TextTable: Sendable {
  let header: [String]
  private(set) var rows: [[String]] = []

  init(_ header: String...) {
    self.header = header
  }

  mutating func add(_ cells: String...) {
    rows.append(cells)
  }

  func render() -> String {
    var widths = header.map(\.count)
    for row in rows {
      for (column, cell) in row.enumerated() { widths[column] = max(widths[column], cell.count) }
    }
    let isNumeric = header.indices.map { column in
      !rows.isEmpty && rows.allSatisfy { $0[column].allSatisfy { "0123456789.,-+%$ ".contains($0) } }
    }
    func line(_ cells: [String]) -> String {
      var text = ""
      for (column, cell) in cells.enumerated() {
        let padding = String(repeating: " ", count: widths[column] - cell.count)
        text += isNumeric[column] ? padding + cell : cell + padding
        if column < cells.count - 1 { text += "  " }
      }
      while text.last == " " { text.removeLast() }
      return text
    }
    let rule = widths.map { String(repeating: "─", count: $0) }.joined(separator: "  ")
    return ([line(header), rule] + rows.map(line)).joined(separator: "\n")
  }
}

/// A bar of a terminal: "██████░░░░  60 %".
func progressBar(_ share: Double, width: Int = 30) -> String {
  let filled = Int((min(max(share, 0), 1) * Double(width)).rounded(.down))
  return String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
}

/// Micro-dollars as "$12.34".
func dollars(_ micros: Int64) -> String {
  let cents = (abs(micros) + 5_000) / 10_000
  let fraction = cents % 100
  return "\(micros < 0 ? "-" : "")$\(cents / 100).\(fraction < 10 ? "0" : "")\(fraction)"
}
