import Glibc
import Testing

@testable import ProtocPlugin

/// .proto texts through protoc and the plugin.
enum ProtocRun {
  struct Failure: Error, CustomStringConvertible {
    var description: String
  }

  /// Writes the files to a temporary folder and has protoc describe them, with comments.
  static func request(_ files: [String: String], parameter: String) throws -> [UInt8] {
    if output("command -v protoc") == nil { try Test.cancel("protoc is not installed") }

    var template = Array("/tmp/protoc-plugin-tests.XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw Failure(description: "mkdtemp: errno \(errno)") }
    let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    defer { _ = output("rm -r \(folder)") }
    for (name, text) in files {
      guard let file = fopen("\(folder)/\(name)", "w") else { throw Failure(description: "fopen: errno \(errno)") }
      fputs(text, file)
      fclose(file)
    }
    let names = files.keys.sorted()
    let set = output(
      "protoc -I \(folder) -I /usr/include --include_imports --include_source_info "
        + "--descriptor_set_out=/dev/stdout \(names.joined(separator: " "))")
    guard let set, !set.isEmpty else { throw Failure(description: "protoc refuses the test's own .proto") }

    // A FileDescriptorSet is files as field 1; a CodeGeneratorRequest has the same files as field 15.
    var request: [UInt8] = []
    for name in names { append(1, Array(name.utf8), to: &request) }
    append(2, Array(parameter.utf8), to: &request)
    var rest = set[...]
    while rest.first == 1 << 3 | 2 {
      rest.removeFirst()
      var size = 0
      var shift = 0
      while let byte = rest.popFirst() {
        size |= Int(byte & 0x7F) << shift
        shift += 7
        if byte < 0x80 { break }
      }
      append(15, Array(rest.prefix(size)), to: &request)
      rest = rest.dropFirst(size)
    }
    return request
  }

  /// What the plugin writes, by file name.
  static func generate(_ files: [String: String], _ parameter: String = "messages") throws -> [String: String] {
    let request = try GenerationRequest(serialized: request(files, parameter: parameter))
    let generated = try Plugin.generate(request)
    return Dictionary(uniqueKeysWithValues: generated.map { ($0.name, $0.content) })
  }

  /// The faults that the plugin finds, one line each.
  static func faults(_ files: [String: String], _ parameter: String = "messages") throws -> [String] {
    let request = try GenerationRequest(serialized: request(files, parameter: parameter))
    do {
      _ = try Plugin.generate(request)
      return []
    } catch {
      return error.faults.map(\.description)
    }
  }

  private static func append(_ field: UInt8, _ bytes: [UInt8], to request: inout [UInt8]) {
    request.append(field << 3 | 2)
    var size = bytes.count
    while size >= 0x80 {
      request.append(UInt8(size & 0x7F) | 0x80)
      size >>= 7
    }
    request.append(UInt8(size))
    request += bytes
  }

  private static func output(_ command: String) -> [UInt8]? {
    guard let pipe = popen(command, "r") else { return nil }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 14)
    while true {
      let count = fread(&buffer, 1, buffer.count, pipe)
      if count == 0 { break }
      bytes += buffer[..<count]
    }
    return pclose(pipe) == 0 ? bytes : nil
  }
}
