/// Writes one message: the value type, and in other files of this name its coding and its JSON.
struct MessageGenerator {
  let model: MessageModel
  let catalog: Catalog

  var swiftType: String { catalog.swiftType(model.fullName) }
  var cType: String { CNames.type(model.fullName) }
  var cFunctions: String { CNames.functionPrefix(model.fullName) }

  /// A stored property: a field outside a oneof, or a oneof.
  enum Property {
    case field(FieldShape)
    case oneof(OneofModel, [FieldShape])
  }

  /// In the order of the .proto; a oneof stands where its first field does.
  var properties: [Property] {
    var result: [Property] = []
    var seen: Set<Int> = []
    for field in model.fields {
      guard let oneof = field.oneof else {
        result.append(.field(FieldShape(field, catalog: catalog)))
        continue
      }
      guard seen.insert(oneof).inserted else { continue }
      let members = model.fields.filter { $0.oneof == oneof }.map { FieldShape($0, catalog: catalog) }
      result.append(.oneof(model.oneofs[oneof], members))
    }
    return result
  }

  func writeDeclaration(to writer: inout CodeWriter) {
    writer.doc(model.comment)
    writer.block("public struct \(SwiftNames.type(model.name)): WireMessage") { writer in
      writer.line("public static let fullName = \(SwiftNames.literal(model.fullName))")
      writer.line()
      for property in properties {
        switch property {
        case .field(let field):
          writer.doc(field.model.comment)
          writer.line("public var \(field.name): \(field.type) = \(field.defaultValue)")
        case .oneof(let oneof, _):
          writer.doc(oneof.comment)
          writer.line("public var \(oneofName(oneof)): \(SwiftNames.oneof(oneof.name))?")
        }
      }
      writer.line("/// Fields that this build does not know; they survive decoding and encoding.")
      writer.line("public var unknownFields = UnknownFields()")
      writer.line()
      writer.line("public init() {}")
      writeMemberwiseInitializer(to: &writer)
      for case .oneof(let oneof, let fields) in properties {
        writer.line()
        writer.doc(oneof.comment)
        writer.block("public enum \(SwiftNames.oneof(oneof.name)): Hashable, Sendable") { writer in
          for field in fields {
            writer.doc(field.model.comment)
            writer.line("case \(field.name)(\(field.element))")
          }
        }
      }
      for enumeration in model.enums {
        writer.line()
        EnumGenerator(model: enumeration).write(to: &writer)
      }
      for message in model.messages where !message.isMapEntry {
        writer.line()
        MessageGenerator(model: message, catalog: catalog).writeDeclaration(to: &writer)
      }
    }
  }

  func oneofName(_ oneof: OneofModel) -> String { SwiftNames.escaped(SwiftNames.member(oneof.name)) }

  private func writeMemberwiseInitializer(to writer: inout CodeWriter) {
    let names = properties.map { property in
      switch property {
      case .field(let field): (field.name, "\(field.name): \(field.type) = \(field.defaultValue)")
      case .oneof(let oneof, _): (oneofName(oneof), "\(oneofName(oneof)): \(SwiftNames.oneof(oneof.name))? = nil")
      }
    }
    guard !names.isEmpty else { return }
    writer.line()
    writer.list("public init(", names.map(\.1), ") {")
    writer.indented { writer in
      for (name, _) in names { writer.line("self.\(name) = \(name)") }
    }
    writer.line("}")
  }
}
