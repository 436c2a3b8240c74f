/// Which column of a do-not-call file holds the number and which the reason. Registers give files with a header, and
/// files that are one column of numbers and nothing else; both are read.
struct DoNotCallColumns: Hashable, Sendable {
  /// What is wrong with a file's first row, for people.
  struct HeaderProblem: Error, Hashable, Sendable {
    var message: String
  }

  private let number: Int
  private let reason: Int?
  /// Whether the first row holds names rather than a number.
  let hasHeader: Bool

  private static let numberNames: Set = [
    "phone", "phone_number", "phonenumber", "telephone", "mobile", "cell", "number", "msisdn",
  ]
  private static let reasonNames: Set = ["reason", "note", "notes", "comment"]

  init(firstRow: [String]) throws(HeaderProblem) {
    let names = firstRow.map { title in
      String(title.lowercased().filter { !$0.isWhitespace || $0 == " " }.map { $0 == " " || $0 == "-" ? "_" : $0 })
    }
    if let column = names.firstIndex(where: Self.numberNames.contains) {
      (number, reason, hasHeader) = (column, names.firstIndex(where: Self.reasonNames.contains), true)
    } else if firstRow.count == 1, firstRow[0].contains(where: \.isNumber) {
      (number, reason, hasHeader) = (0, nil, false)
    } else {
      throw HeaderProblem(
        message: "no column is called phone or number; the first row is \(firstRow.joined(separator: ", "))")
    }
  }

  /// The number and the reason of a row; nil when it has no cell for the number.
  func values(_ cells: [String]) -> (number: String, reason: String)? {
    guard number < cells.count else { return nil }
    return (cells[number], reason.flatMap { $0 < cells.count ? cells[$0] : nil } ?? "")
  }
}
