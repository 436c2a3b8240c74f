// protoc-gen-ringmaster: run by protoc, which writes a CodeGeneratorRequest to standard input and reads the
// CodeGeneratorResponse from standard output. See Protos/generate.sh.
import Glibc
import ProtocPlugin

func readStandardInput() -> [UInt8]? {
  var bytes: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = read(STDIN_FILENO, &buffer, buffer.count)
    if count == 0 { return bytes }
    if count < 0 { return nil }
    bytes += buffer[..<count]
  }
}

func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
  var rest = bytes[...]
  while !rest.isEmpty {
    let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    if count <= 0 { return false }
    rest = rest.dropFirst(count)
  }
  return true
}

do {
  guard let request = readStandardInput(), writeAll(try Plugin.run(request), to: STDOUT_FILENO) else {
    perror("protoc-gen-ringmaster")
    exit(1)
  }
} catch {
  _ = writeAll(Array("protoc-gen-ringmaster: \(error)\n".utf8), to: STDERR_FILENO)
  exit(1)
}
