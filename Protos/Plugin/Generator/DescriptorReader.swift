internal import CDescriptorProtos

private typealias CRequest = Google__Protobuf__Compiler__CodeGeneratorRequest
private typealias CFile = Google__Protobuf__FileDescriptorProto
private typealias CMessage = Google__Protobuf__DescriptorProto
private typealias CField = Google__Protobuf__FieldDescriptorProto
private typealias CEnum = Google__Protobuf__EnumDescriptorProto
private typealias CService = Google__Protobuf__ServiceDescriptorProto

extension GenerationRequest {
  /// Reads a serialized `google.protobuf.compiler.CodeGeneratorRequest`.
  init(serialized bytes: [UInt8]) throws {
    guard let request = google__protobuf__compiler__code_generator_request__unpack(nil, bytes.count, bytes) else {
      throw PluginError(place: "", message: "protoc sent a request that protobuf-c cannot read")
    }
    defer { google__protobuf__compiler__code_generator_request__free_unpacked(request, nil) }
    parameter = string(request.pointee.parameter)
    filesToGenerate = list(request.pointee.file_to_generate, request.pointee.n_file_to_generate).map { string($0) }
    files = try list(request.pointee.proto_file, request.pointee.n_proto_file).map { try FileReader(file: $0).read() }
  }
}

/// Reads one file's descriptor, joining it with the comments that stand next to each element.
private struct FileReader {
  let file: UnsafeMutablePointer<CFile>
  let comments: [[Int32]: String]

  // Field numbers in descriptor.proto: the paths of SourceCodeInfo are made of them.
  private static let messagesOfFile: Int32 = 4
  private static let enumsOfFile: Int32 = 5
  private static let servicesOfFile: Int32 = 6
  private static let fieldsOfMessage: Int32 = 2
  private static let messagesOfMessage: Int32 = 3
  private static let enumsOfMessage: Int32 = 4
  private static let oneofsOfMessage: Int32 = 8
  private static let valuesOfEnum: Int32 = 2
  private static let methodsOfService: Int32 = 2

  init(file: UnsafeMutablePointer<CFile>) {
    self.file = file
    var comments: [[Int32]: String] = [:]
    if let info = file.pointee.source_code_info {
      for location in list(info.pointee.location, info.pointee.n_location) {
        let path = Array(UnsafeBufferPointer(start: location.pointee.path, count: location.pointee.n_path))
        let leading = string(location.pointee.leading_comments)
        let text = leading.isEmpty ? string(location.pointee.trailing_comments) : leading
        if !text.isEmpty { comments[path] = text }
      }
    }
    self.comments = comments
  }

  func read() throws -> FileModel {
    let package = string(file.pointee.package)
    let scope = package.isEmpty ? "" : package + "."
    return FileModel(
      name: string(file.pointee.name), package: package, syntax: string(file.pointee.syntax),
      dependencies: list(file.pointee.dependency, file.pointee.n_dependency).map { string($0) },
      hasExtensions: file.pointee.n_extension > 0,
      messages: try list(file.pointee.message_type, file.pointee.n_message_type).enumerated().map {
        try message($1, scope: scope, path: [Self.messagesOfFile, Int32($0)])
      },
      enums: list(file.pointee.enum_type, file.pointee.n_enum_type).enumerated().map {
        enumeration($1, scope: scope, path: [Self.enumsOfFile, Int32($0)])
      },
      services: list(file.pointee.service, file.pointee.n_service).enumerated().map {
        service($1, scope: scope, path: [Self.servicesOfFile, Int32($0)])
      })
  }

  private func message(_ c: UnsafeMutablePointer<CMessage>, scope: String, path: [Int32]) throws -> MessageModel {
    let name = string(c.pointee.name)
    let inner = scope + name + "."
    return MessageModel(
      name: name, fullName: scope + name, comment: comments[path, default: ""],
      isMapEntry: c.pointee.options.map { $0.pointee.map_entry != 0 } ?? false,
      hasExtensions: c.pointee.n_extension > 0 || c.pointee.n_extension_range > 0,
      fields: try list(c.pointee.field, c.pointee.n_field).enumerated().map {
        try field($1, scope: inner, path: path + [Self.fieldsOfMessage, Int32($0)])
      },
      oneofs: list(c.pointee.oneof_decl, c.pointee.n_oneof_decl).enumerated().map {
        OneofModel(
          name: string($1.pointee.name), comment: comments[path + [Self.oneofsOfMessage, Int32($0)], default: ""])
      },
      messages: try list(c.pointee.nested_type, c.pointee.n_nested_type).enumerated().map {
        try message($1, scope: inner, path: path + [Self.messagesOfMessage, Int32($0)])
      },
      enums: list(c.pointee.enum_type, c.pointee.n_enum_type).enumerated().map {
        enumeration($1, scope: inner, path: path + [Self.enumsOfMessage, Int32($0)])
      })
  }

  private func field(_ c: UnsafeMutablePointer<CField>, scope: String, path: [Int32]) throws -> FieldModel {
    FieldModel(
      name: string(c.pointee.name), jsonName: string(c.pointee.json_name), number: c.pointee.number,
      type: try type(of: c, scope: scope),
      isRepeated: c.pointee.label == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_REPEATED,
      isProto3Optional: c.pointee.proto3_optional != 0,
      oneof: c.pointee.has_oneof_index != 0 ? Int(c.pointee.oneof_index) : nil,
      comment: comments[path, default: ""])
  }

  /// Numbers are those of `FieldDescriptorProto.Type`. Encodings that differ on the wire alone are one type here.
  private func type(of c: UnsafeMutablePointer<CField>, scope: String) throws -> FieldType {
    let typeName = String(string(c.pointee.type_name).drop { $0 == "." })
    switch c.pointee.type.rawValue {
    case 1: return .double
    case 2: return .float
    case 3, 16, 18: return .int64
    case 4, 6: return .uint64
    case 5, 15, 17: return .int32
    case 7, 13: return .uint32
    case 8: return .bool
    case 9: return .string
    case 10: return .group
    case 11: return .message(typeName)
    case 12: return .bytes
    case 14: return .enumeration(typeName)
    default:
      throw PluginError(
        place: "\(string(file.pointee.name)): \(scope)\(string(c.pointee.name))",
        message: "field type \(c.pointee.type.rawValue) is not known to this plugin")
    }
  }

  private func enumeration(_ c: UnsafeMutablePointer<CEnum>, scope: String, path: [Int32]) -> EnumModel {
    let name = string(c.pointee.name)
    return EnumModel(
      name: name, fullName: scope + name, comment: comments[path, default: ""],
      values: list(c.pointee.value, c.pointee.n_value).enumerated().map {
        EnumValueModel(
          name: string($1.pointee.name), number: $1.pointee.number,
          comment: comments[path + [Self.valuesOfEnum, Int32($0)], default: ""])
      })
  }

  private func service(_ c: UnsafeMutablePointer<CService>, scope: String, path: [Int32]) -> ServiceModel {
    let name = string(c.pointee.name)
    return ServiceModel(
      name: name, fullName: scope + name, comment: comments[path, default: ""],
      methods: list(c.pointee.method, c.pointee.n_method).enumerated().map { index, method in
        let level = method.pointee.options.map { $0.pointee.idempotency_level.rawValue } ?? 0
        return MethodModel(
          name: string(method.pointee.name),
          requestType: String(string(method.pointee.input_type).drop { $0 == "." }),
          responseType: String(string(method.pointee.output_type).drop { $0 == "." }),
          isIdempotent: level != 0,
          isStreaming: method.pointee.client_streaming != 0 || method.pointee.server_streaming != 0,
          comment: comments[path + [Self.methodsOfService, Int32(index)], default: ""])
      })
  }
}

private func string(_ pointer: UnsafeMutablePointer<CChar>?) -> String {
  pointer.map { String(cString: $0) } ?? ""
}

/// The elements of a protobuf-c array of pointers, which holds no nulls.
private func list<T>(_ start: UnsafeMutablePointer<UnsafeMutablePointer<T>?>?, _ count: Int)
  -> [UnsafeMutablePointer<T>]
{
  UnsafeBufferPointer(start: start, count: count).compactMap { $0 }
}
