// The proto3 JSON mapping: https://protobuf.dev/programming-guides/json/

extension MessageGenerator {
  func writeJSON(to writer: inout CodeWriter) {
    writer.block("extension \(swiftType)") { writer in
      writer.block("public init(json: JSONValue) throws(WireJSONError)") { writer in
        writer.line("self.init()")
        if properties.isEmpty {
          writer.block("for (name, _) in try WireJSON.object(json)") {
            $0.line("throw WireJSON.unknownField(of: Self.fullName).inside(name)")
          }
        } else {
          writer.block("for (name, value) in try WireJSON.object(json)") { writeMember(to: &$0) }
        }
      }
      writer.line()
      writer.block("public var json: JSONValue") { writer in
        if properties.isEmpty {
          writer.line(".object([:])")
          return
        }
        writer.line("var object = JSONObject()")
        for property in properties { writePrint(property, to: &writer) }
        writer.line("return .object(object)")
      }
    }
  }

  // MARK: - From JSON

  private func writeMember(to writer: inout CodeWriter) {
    writer.block("do throws(WireJSONError)") { writer in
      writer.block("switch name") { writer in
        for property in properties { writeParse(property, to: &writer) }
        writer.line("default: throw WireJSON.unknownField(of: Self.fullName)")
      }
    }
    writer.block("catch") { $0.line("throw error.inside(name)") }
  }

  private func writeParse(_ property: Property, to writer: inout CodeWriter) {
    switch property {
    case .field(let field):
      writeLabels(field, to: &writer)
      writer.line("  if value != .null { self.\(field.name) = \(parse(field)) }")
    case .oneof(let oneof, let fields):
      for field in fields {
        let target = "self.\(oneofName(oneof))"
        writeLabels(field, to: &writer)
        writer.indented {
          $0.block("if value != .null") { writer in
            writer.line("if \(target) != nil { throw WireJSON.twice(oneof: \(SwiftNames.literal(oneof.name))) }")
            writer.line("\(target) = .\(field.name)(\(parse(field)))")
          }
        }
      }
    }
  }

  /// Both spellings are read. Both in one object are refused: which of them counts would be chance.
  private func writeLabels(_ field: FieldShape, to writer: inout CodeWriter) {
    let (jsonName, name) = (SwiftNames.literal(field.model.jsonName), SwiftNames.literal(field.model.name))
    if jsonName != name {
      writer.line("case \(name):")
      writer.line("  if json[\(jsonName)] != nil { throw WireJSON.twice(as: \(jsonName)) }")
      writer.line("  fallthrough")
    }
    writer.line("case \(jsonName):")
  }

  private func parse(_ field: FieldShape) -> String {
    switch field.kind {
    case .singular: parse(field.model.type, "value")
    case .repeated:
      "try WireJSON.array(value) { (item) throws(WireJSONError) in \(parse(field.model.type, "item")) }"
    case .map(let key, let value):
      "try WireJSON.map(value, key: \(keyReader(key.type))) "
        + "{ (item) throws(WireJSONError) in \(parse(value.type, "item")) }"
    }
  }

  private func parse(_ type: FieldType, _ value: String) -> String {
    switch type {
    case .double: "try WireJSON.double(\(value))"
    case .float: "try WireJSON.float(\(value))"
    case .int32: "try WireJSON.int32(\(value))"
    case .int64: "try WireJSON.int64(\(value))"
    case .uint32: "try WireJSON.uint32(\(value))"
    case .uint64: "try WireJSON.uint64(\(value))"
    case .bool: "try WireJSON.bool(\(value))"
    case .string: "try WireJSON.string(\(value))"
    case .bytes: "try WireJSON.bytes(\(value))"
    case .enumeration(let name): "try WireJSON.enumeration(\(value), of: \(catalog.swiftType(name)).self)"
    case .message(let name): "try \(catalog.swiftType(name))(json: \(value))"
    case .group: value
    }
  }

  private func keyReader(_ type: FieldType) -> String {
    switch type {
    case .int32: "WireJSON.int32Key"
    case .int64: "WireJSON.int64Key"
    case .uint32: "WireJSON.uint32Key"
    case .uint64: "WireJSON.uint64Key"
    case .bool: "WireJSON.boolKey"
    case .string, .double, .float, .bytes, .group, .message, .enumeration: "WireJSON.stringKey"
    }
  }

  // MARK: - To JSON

  private func writePrint(_ property: Property, to writer: inout CodeWriter) {
    switch property {
    case .field(let field):
      let name = SwiftNames.literal(field.model.jsonName)
      switch field.kind {
      case .singular where field.isMessage:
        writer.line("if let item = self.\(field.name) { object[\(name)] = \(print(field.model.type, "item")) }")
      case .singular:
        writer.line(
          "if \(field.isSet) { object[\(name)] = \(print(field.model.type, "self.\(field.name)")) }")
      case .repeated:
        writer.line(
          "if \(field.isSet) { object[\(name)] = .array(self.\(field.name).map { \(print(field.model.type, "$0")) }) }")
      case .map(_, let value):
        writer.line(
          "if \(field.isSet) { object[\(name)] = WireJSON.map(self.\(field.name)) { \(print(value.type, "$0")) } }")
      }
    case .oneof(let oneof, let fields):
      writer.block("switch self.\(oneofName(oneof))") { writer in
        for field in fields {
          writer.line(
            "case .\(field.name)(let item): object[\(SwiftNames.literal(field.model.jsonName))] = "
              + print(field.model.type, "item"))
        }
        writer.line("case nil: break")
      }
    }
  }

  private func print(_ type: FieldType, _ value: String) -> String {
    switch type {
    case .message: "\(value).json"
    default: "WireJSON.json(\(value))"
    }
  }
}
