/// Which column of an upload is which field of a lead, read from the header row.
struct LeadColumns: Hashable, Sendable {
  /// A field that a lead has of its own; every other column becomes an attribute of that name.
  enum Field: String, Sendable, CaseIterable {
    case phone
    case firstName = "first_name"
    case lastName = "last_name"
    case company, email
    case timeZone = "time_zone"

    fileprivate var names: Set<String> {
      switch self {
      case .phone: ["phone", "phone_number", "phonenumber", "telephone", "mobile", "cell", "number"]
      case .firstName: ["first_name", "firstname", "first", "given_name", "name"]
      case .lastName: ["last_name", "lastname", "last", "surname", "family_name"]
      case .company: ["company", "company_name", "organisation", "organization", "business"]
      case .email: ["email", "e_mail", "email_address", "mail"]
      case .timeZone: ["time_zone", "timezone", "tz"]
      }
    }
  }

  /// What is wrong with a header, for people.
  struct HeaderProblem: Error, Hashable, Sendable {
    var message: String
  }

  private enum Column: Hashable, Sendable {
    case field(Field)
    case attribute(String)
  }

  private let columns: [Column]

  /// A row, by field and attribute.
  struct Values: Hashable, Sendable {
    var fields: [Field: String] = [:]
    var attributes: [String: String] = [:]

    func text(_ field: Field) -> String { fields[field] ?? "" }
  }

  init(header: [String]) throws(HeaderProblem) {
    var columns: [Column] = []
    var taken: Set<String> = []
    for (index, title) in header.enumerated() {
      let name = Self.normalized(title)
      guard !name.isEmpty else { throw HeaderProblem(message: "column \(index + 1) of the header has no name") }
      guard taken.insert(name).inserted else { throw HeaderProblem(message: "the header names \"\(name)\" twice") }
      let field = Field.allCases.first { $0.names.contains(name) }
      if let field, !columns.contains(.field(field)) {
        columns.append(.field(field))
      } else {
        columns.append(.attribute(name))
      }
    }
    guard columns.contains(.field(.phone)) else {
      throw HeaderProblem(
        message: "no column is called phone; the header names \(header.joined(separator: ", "))")
    }
    self.columns = columns
  }

  /// The values of a row; nil when it has more cells than the header. Missing cells at its end are empty.
  func values(_ cells: [String]) -> Values? {
    guard cells.count <= columns.count else { return nil }
    var values = Values()
    for (column, cell) in zip(columns, cells) {
      let text = Self.trimmed(cell)
      guard !text.isEmpty else { continue }
      switch column {
      case .field(let field): values.fields[field] = text
      case .attribute(let name): values.attributes[name] = text
      }
    }
    return values
  }

  var count: Int { columns.count }

  private static func trimmed(_ text: String) -> String {
    guard let first = text.firstIndex(where: { !$0.isWhitespace }),
      let last = text.lastIndex(where: { !$0.isWhitespace })
    else { return "" }
    return String(text[first...last])
  }

  private static func normalized(_ title: String) -> String {
    String(trimmed(title).lowercased().map { $0 == " " || $0 == "-" || $0 == "." ? "_" : $0 })
  }
}
