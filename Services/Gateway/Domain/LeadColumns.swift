/// Which column of an upload is which field of a lead, read from the header row.
struct LeadColumns: Hashable, Sendable {
  /// A field that a lead has of its own; every other column becomes an attribute of that name.
  enum Field: String, Sendable, CaseIterable {
    case phone
    case firstName = "first_name"
    case lastName = "last_name"
    case company, email
    case timeZone = "time_zone"
    case consent, country
    case subdivision = "state"
    case notAfter = "not_after"

    fileprivate var names: Set<String> {
      switch self {
      case .phone: ["phone", "phone_number", "phonenumber", "telephone", "mobile", "cell", "number"]
      case .firstName: ["first_name", "firstname", "first", "given_name", "name"]
      case .lastName: ["last_name", "lastname", "last", "surname", "family_name"]
      case .company: ["company", "company_name", "organisation", "organization", "business"]
      case .email: ["email", "e_mail", "email_address", "mail"]
      case .timeZone: ["time_zone", "timezone", "tz"]
      case .consent: ["consent", "phone_consent"]
      case .country: ["country", "country_code"]
      case .subdivision: ["state", "province", "subdivision"]
      case .notAfter: ["not_after", "call_before", "expires_at"]
      }
    }
  }

  /// What a further number has: phone2, phone2_consent, phone2_time_zone, and so on up to phone5.
  enum NumberField: String, Sendable, CaseIterable {
    case phone
    case consent
    case timeZone = "time_zone"
  }

  /// Further numbers of a lead at most: phone2 to phone5.
  static let furtherNumbers = 4

  /// What is wrong with a header, for people.
  struct HeaderProblem: Error, Hashable, Sendable {
    var message: String
  }

  private enum Column: Hashable, Sendable {
    case field(Field)
    case number(Int, NumberField)
    case attribute(String)
  }

  private let columns: [Column]

  /// A row, by field and attribute.
  struct Values: Hashable, Sendable {
    var fields: [Field: String] = [:]
    /// Further numbers, those of phone2 first; empty where the row has none.
    var numbers: [[NumberField: String]] = []
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
      if let number = Self.number(name) {
        columns.append(number)
      } else if let field, !columns.contains(.field(field)) {
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
      case .number(let index, let field):
        while values.numbers.count <= index { values.numbers.append([:]) }
        values.numbers[index][field] = text
      case .attribute(let name): values.attributes[name] = text
      }
    }
    return values
  }

  var count: Int { columns.count }

  /// "phone2", "phone_2", "phone2_consent".
  private static func number(_ name: String) -> Column? {
    guard name.hasPrefix("phone") else { return nil }
    var rest = name.dropFirst("phone".count)
    if rest.first == "_" { rest = rest.dropFirst() }
    guard let digit = rest.first.flatMap({ Int(String($0)) }), (2...furtherNumbers + 1).contains(digit) else {
      return nil
    }
    rest = rest.dropFirst()
    if rest.isEmpty { return .number(digit - 2, .phone) }
    guard rest.first == "_" else { return nil }
    return NumberField(rawValue: String(rest.dropFirst())).map { .number(digit - 2, $0) }
  }

  private static func trimmed(_ text: String) -> String {
    // Most cells begin and end with something else, which one byte each tells.
    if let first = text.utf8.first, let last = text.utf8.last, 0x21..<0x7F ~= first, 0x21..<0x7F ~= last { return text }
    guard let first = text.firstIndex(where: { !$0.isWhitespace }),
      let last = text.lastIndex(where: { !$0.isWhitespace })
    else { return "" }
    return String(text[first...last])
  }

  private static func normalized(_ title: String) -> String {
    String(trimmed(title).lowercased().map { $0 == " " || $0 == "-" || $0 == "." ? "_" : $0 })
  }
}
