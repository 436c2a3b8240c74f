/// Writes an enum that keeps numbers it does not know.
struct EnumGenerator {
  let model: EnumModel

  func write(to writer: inout CodeWriter) {
    let names = SwiftNames.cases(of: model).map { SwiftNames.escaped($0) }
    let cases = Array(zip(model.values, names))
    writer.doc(model.comment)
    writer.block("public enum \(SwiftNames.type(model.name)): WireEnum") { writer in
      for (value, name) in cases {
        writer.doc(value.comment)
        writer.line("case \(name)")
      }
      writer.line("/// A number that this build does not know; it survives decoding and encoding.")
      writer.line("case unrecognized(Int32)")
      writer.line()
      writer.line("public static let fullName = \(SwiftNames.literal(model.fullName))")
      writer.list("public static let allCases: [Self] = [", names.map { ".\($0)" }, "]")
      writer.line()
      writer.block("public init(rawValue: Int32)") { writer in
        writer.block("switch rawValue") { writer in
          for (value, name) in cases { writer.line("case \(value.number): self = .\(name)") }
          writer.line("default: self = .unrecognized(rawValue)")
        }
      }
      writer.line()
      writer.block("public var rawValue: Int32") { writer in
        writer.block("switch self") { writer in
          for (value, name) in cases { writer.line("case .\(name): \(value.number)") }
          writer.line("case .unrecognized(let number): number")
        }
      }
      writer.line()
      writer.block("public init?(protoName: String)") { writer in
        writer.block("switch protoName") { writer in
          for (value, name) in cases { writer.line("case \(SwiftNames.literal(value.name)): self = .\(name)") }
          writer.line("default: return nil")
        }
      }
      writer.line()
      writer.block("public var protoName: String?") { writer in
        writer.block("switch self") { writer in
          for (value, name) in cases { writer.line("case .\(name): \(SwiftNames.literal(value.name))") }
          writer.line("case .unrecognized: nil")
        }
      }
    }
  }
}
