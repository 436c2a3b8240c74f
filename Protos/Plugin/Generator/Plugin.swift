internal import CDescriptorProtos

/// The protoc plugin: a serialized `CodeGeneratorRequest` in, a serialized `CodeGeneratorResponse` out.
public enum Plugin {
  /// Writes the code that the request asks for. A .proto that cannot be generated gives a response with an error
  /// (protoc prints it and fails); bytes that are not a request throw.
  public static func run(_ requestBytes: [UInt8]) throws -> [UInt8] {
    let request = try GenerationRequest(serialized: requestBytes)
    do {
      return response(files: try generate(request), error: nil)
    } catch {
      return response(files: [], error: error.description)
    }
  }

  static func generate(_ request: GenerationRequest) throws(PluginFailure) -> [GeneratedFile] {
    let options = try PluginOptions(request.parameter)
    let faults = Validation.faults(in: request)
    guard faults.isEmpty else { throw PluginFailure(faults: faults) }
    let catalog = Catalog(request.files)
    let files = request.files.filter { request.filesToGenerate.contains($0.name) }.sorted { $0.name < $1.name }
    switch options.output {
    case .messages: return MessagesOutput(options: options, catalog: catalog).files(for: files)
    case .services: return ServicesOutput(options: options, catalog: catalog).files(for: files)
    }
  }

  /// Bit of `CodeGeneratorResponse.Feature`: set so that proto3 `optional` reaches us, and is refused with our words.
  private static let featureProto3Optional: UInt64 = 1

  private static func response(files: [GeneratedFile], error: String?) -> [UInt8] {
    var strings: [UnsafeMutablePointer<CChar>] = []
    defer { for string in strings { string.deallocate() } }
    func copy(_ text: String) -> UnsafeMutablePointer<CChar> {
      let bytes = text.utf8CString
      let pointer = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
      for (index, byte) in bytes.enumerated() { pointer[index] = byte }
      strings.append(pointer)
      return pointer
    }
    typealias CResponseFile = Google__Protobuf__Compiler__CodeGeneratorResponse__File
    let storage = UnsafeMutablePointer<CResponseFile>.allocate(capacity: files.count)
    let pointers = UnsafeMutablePointer<UnsafeMutablePointer<CResponseFile>?>.allocate(capacity: files.count)
    defer {
      storage.deallocate()
      pointers.deallocate()
    }
    for (index, file) in files.enumerated() {
      google__protobuf__compiler__code_generator_response__file__init(storage + index)
      storage[index].name = copy(file.name)
      storage[index].content = copy(file.content)
      pointers[index] = storage + index
    }
    var response = Google__Protobuf__Compiler__CodeGeneratorResponse()
    google__protobuf__compiler__code_generator_response__init(&response)
    response.has_supported_features = 1
    response.supported_features = featureProto3Optional
    response.error = error.map(copy)
    response.n_file = files.count
    response.file = pointers
    let size = google__protobuf__compiler__code_generator_response__get_packed_size(&response)
    return [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      count = google__protobuf__compiler__code_generator_response__pack(&response, buffer.baseAddress)
    }
  }
}

struct GeneratedFile: Hashable {
  var name: String
  var content: String
}

/// Everything that is wrong with the .proto files, one line each.
struct PluginFailure: Error, Hashable, CustomStringConvertible {
  var faults: [PluginError]

  init(faults: [PluginError]) {
    self.faults = faults
  }

  init(option message: String) {
    faults = [PluginError(place: "--ringmaster_opt", message: message)]
  }

  var description: String { faults.map(\.description).joined(separator: "\n") }
}

/// What `--ringmaster_opt` chooses: `messages` or `services`, and names of modules.
struct PluginOptions {
  enum Output { case messages, services }

  var output: Output
  /// Module with protoc-c's structs.
  var cModule = "CRingmasterProtos"
  /// Module with the generated messages, which the service stubs import.
  var messagesModule = "RingmasterMessages"

  init(_ parameter: String) throws(PluginFailure) {
    var output: Output?
    for item in parameter.split(separator: ",") {
      let parts = item.split(separator: "=", maxSplits: 1).map(String.init)
      switch (parts[0], parts.count) {
      case ("messages", 1): output = .messages
      case ("services", 1): output = .services
      case ("c_module", 2): cModule = parts[1]
      case ("messages_module", 2): messagesModule = parts[1]
      default: throw PluginFailure(option: "unknown option \(item)")
      }
    }
    guard let output else {
      throw PluginFailure(option: "say what to write: messages or services")
    }
    self.output = output
  }
}
