/// A field as the generators see it: its names, and which of the shapes of storage it has.
struct FieldShape {
  enum Kind {
    case singular
    case repeated
    case map(key: FieldModel, value: FieldModel)
  }

  let model: FieldModel
  let kind: Kind
  let catalog: Catalog

  init(_ model: FieldModel, catalog: Catalog) {
    self.model = model
    self.catalog = catalog
    if let entry = catalog.mapEntry(model) {
      kind = .map(key: entry.key, value: entry.value)
    } else {
      kind = model.isRepeated ? .repeated : .singular
    }
  }

  /// Property name, with backticks where Swift asks for them.
  var name: String { SwiftNames.escaped(SwiftNames.member(model.name)) }
  var cName: String { SwiftNames.escaped(CNames.field(model.name)) }
  var cCount: String { CNames.count(model.name) }

  /// Type of the property.
  var type: String {
    switch kind {
    case .singular: isMessage ? element + "?" : element
    case .repeated: "[\(element)]"
    case .map(let key, let value): "[\(Self.element(key.type, catalog)): \(Self.element(value.type, catalog))]"
    }
  }

  /// What the property is before it is set.
  var defaultValue: String {
    switch kind {
    case .repeated: "[]"
    case .map: "[:]"
    case .singular: isMessage ? "nil" : Self.zero(model.type, catalog)
    }
  }

  /// Condition under which the field is written.
  var isSet: String {
    switch kind {
    case .repeated, .map: return "!self.\(name).isEmpty"
    case .singular:
      switch model.type {
      case .message, .group: return "self.\(name) != nil"
      case .string, .bytes: return "!self.\(name).isEmpty"
      case .bool: return "self.\(name)"
      // Minus zero is not the default: it compares equal to it, and is written all the same.
      case .double, .float: return "self.\(name).bitPattern != 0"
      default: return "self.\(name) != \(defaultValue)"
      }
    }
  }

  var isMessage: Bool { Self.isMessage(model.type) }

  /// Type of one element.
  var element: String { Self.element(model.type, catalog) }

  static func isMessage(_ type: FieldType) -> Bool {
    if case .message = type { return true }
    return false
  }

  static func element(_ type: FieldType, _ catalog: Catalog) -> String {
    switch type {
    case .double: "Double"
    case .float: "Float"
    case .int32: "Int32"
    case .int64: "Int64"
    case .uint32: "UInt32"
    case .uint64: "UInt64"
    case .bool: "Bool"
    case .string: "String"
    case .bytes: "[UInt8]"
    case .message(let name), .enumeration(let name): catalog.swiftType(name)
    case .group: "Never"
    }
  }

  static func zero(_ type: FieldType, _ catalog: Catalog) -> String {
    switch type {
    case .double, .float, .int32, .int64, .uint32, .uint64: "0"
    case .bool: "false"
    case .string: "\"\""
    case .bytes: "[]"
    case .message, .group: "\(element(type, catalog))()"
    case .enumeration(let name):
      "." + SwiftNames.escaped(catalog.entries[name]?.enumeration.map { SwiftNames.cases(of: $0)[0] } ?? "unrecognized")
    }
  }
}
