/// Writes what one service is in Swift.
struct ServiceGenerator {
  let model: ServiceModel
  let catalog: Catalog

  private var swiftName: String { SwiftNames.type(model.name) }
  var methodsName: String { "\(swiftName)Methods" }

  func name(_ method: MethodModel) -> String { SwiftNames.escaped(SwiftNames.member(method.name)) }
  func request(_ method: MethodModel) -> String { catalog.swiftType(method.requestType) }
  func response(_ method: MethodModel) -> String { catalog.swiftType(method.responseType) }

  func write(to writer: inout CodeWriter) {
    writeMethods(to: &writer)
    writer.line()
    writeHandler(to: &writer)
    writer.line()
    writeServer(to: &writer)
    writer.line()
    writeClient(to: &writer)
  }

  private func writeMethods(to writer: inout CodeWriter) {
    writer.line("/// The methods of `\(model.fullName)`.")
    writer.block("public enum \(methodsName)") { writer in
      for method in model.methods {
        writer.line("public static let \(name(method)) = MethodDescriptor(")
        writer.line("  service: \(SwiftNames.literal(model.fullName)), name: \(SwiftNames.literal(method.name)),")
        writer.line("  isIdempotent: \(method.isIdempotent), requestType: \(SwiftNames.literal(method.requestType)),")
        writer.line("  responseType: \(SwiftNames.literal(method.responseType)))")
      }
      writer.line("/// In the order of the .proto.")
      writer.list("public static let all: [MethodDescriptor] = [", model.methods.map { name($0) }, "]")
    }
  }

  private func writeHandler(to writer: inout CodeWriter) {
    writer.doc(model.comment)
    if !model.comment.isEmpty { writer.line("///") }
    writer.line("/// Errors that are no `RPCError` reach the caller as the server's error mapping has them.")
    writer.block("public protocol \(swiftName)Handler: Sendable") { writer in
      for method in model.methods {
        writer.doc(method.comment)
        writer.line(
          "func \(name(method))(_ request: \(request(method)), context: CallContext) async throws -> \(response(method))"
        )
      }
    }
  }

  private func writeServer(to writer: inout CodeWriter) {
    writer.line("/// Answers calls of `\(model.fullName)` by a handler.")
    writer.block("public struct \(swiftName)Server: RPCService") { writer in
      writer.line("private let handler: any \(swiftName)Handler")
      writer.line()
      writer.block("public init(_ handler: any \(swiftName)Handler)") { $0.line("self.handler = handler") }
      writer.line()
      writer.line("public var descriptors: [MethodDescriptor] { \(methodsName).all }")
      writer.line()
      writer.line("public nonisolated(nonsending) func handle(")
      writer.line("  _ method: MethodDescriptor, request: [UInt8], context: CallContext")
      writer.block(") async throws -> [UInt8]") { writer in
        writer.line("let handler = self.handler")
        writer.block("return switch method.name") { writer in
          for method in model.methods {
            writer.line("case \(SwiftNames.literal(method.name)):")
            writer.line(
              "  try await ServiceCall.answer(request) { try await handler.\(name(method))($0, context: context) }")
          }
          writer.line("default: throw ServiceCall.unknown(method)")
        }
      }
    }
  }

  private func writeClient(to writer: inout CodeWriter) {
    writer.line("/// Calls `\(model.fullName)`.")
    writer.block("public struct \(swiftName)Client: Sendable") { writer in
      writer.line("private let client: RPCClient")
      writer.line()
      writer.block("public init(_ client: RPCClient)") { $0.line("self.client = client") }
      for method in model.methods {
        writer.line()
        writer.doc(method.comment)
        writer.line("public nonisolated(nonsending) func \(name(method))(")
        writer.line("  _ request: \(request(method)), options: CallOptions = .init()")
        writer.block(") async throws -> \(response(method))") {
          $0.line("try await ServiceCall.call(\(methodsName).\(name(method)), request, client, options)")
        }
      }
    }
  }
}
