// What the generators need to know of .proto files, free of C pointers. `DescriptorReader` fills it.

/// One .proto file.
struct FileModel {
  /// Path as imports write it, for example `ringmaster/v1/campaign.proto`.
  var name: String
  var package: String
  var syntax: String
  var dependencies: [String]
  var hasExtensions: Bool
  var messages: [MessageModel]
  var enums: [EnumModel]
  var services: [ServiceModel]
}

/// A message type; map entries are message types as well, told apart by `isMapEntry`.
struct MessageModel {
  var name: String
  /// With the package and without a leading dot, for example `ringmaster.v1.Lead`.
  var fullName: String
  var comment: String
  var isMapEntry: Bool
  var hasExtensions: Bool
  var fields: [FieldModel]
  /// Names of the oneofs; `FieldModel.oneof` is an index into this.
  var oneofs: [OneofModel]
  var messages: [MessageModel]
  var enums: [EnumModel]
}

struct OneofModel {
  var name: String
  var comment: String
}

struct FieldModel {
  /// As written in the .proto, normally snake_case.
  var name: String
  /// lowerCamelCase, as the proto3 JSON mapping has it.
  var jsonName: String
  var number: Int32
  var type: FieldType
  var isRepeated: Bool
  var isProto3Optional: Bool
  var oneof: Int?
  var comment: String
}

/// Type of a field's elements. Message and enum types carry their full name.
enum FieldType: Hashable {
  case double, float, int32, int64, uint32, uint64, bool, string, bytes
  case group
  case message(String)
  case enumeration(String)
}

struct EnumModel {
  var name: String
  var fullName: String
  var comment: String
  var values: [EnumValueModel]
}

struct EnumValueModel {
  var name: String
  var number: Int32
  var comment: String
}

struct ServiceModel {
  var name: String
  var fullName: String
  var comment: String
  var methods: [MethodModel]
}

struct MethodModel {
  var name: String
  var requestType: String
  var responseType: String
  /// Whether `idempotency_level` is IDEMPOTENT or NO_SIDE_EFFECTS.
  var isIdempotent: Bool
  var isStreaming: Bool
  var comment: String
}

/// What protoc asks for: the files to write code for, and all files that they import.
struct GenerationRequest {
  var parameter: String
  var filesToGenerate: [String]
  var files: [FileModel]
}

/// Why code cannot be written, with the place in the .proto; protoc prints it and fails.
struct PluginError: Error, Hashable, CustomStringConvertible {
  /// File and full name, for example `ringmaster/v1/lead.proto: ringmaster.v1.Lead.name`.
  var place: String
  var message: String

  var description: String { place.isEmpty ? message : "\(place): \(message)" }
}
