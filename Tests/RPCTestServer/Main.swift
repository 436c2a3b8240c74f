import Core
import Dispatch
import Glibc
import RPC

/// A server in a process of its own, for tests that kill it: `rpc-test-server URL NAME`.
///
/// Prints where it listens, then serves until its standard input ends, so that it does not outlive the test.
/// `Test/Name` answers NAME, `Test/Echo` its request; `Test/Hold` says `held` on standard output and never answers.
@main struct RPCTestServer {
  struct Service: RPCService {
    let name: String
    let descriptors = ["Name", "Echo", "Hold"].map {
      MethodDescriptor(service: "Test", name: $0, isIdempotent: true, requestType: "bytes", responseType: "bytes")
    }

    func handle(_ method: MethodDescriptor, request: [UInt8], context: CallContext) async throws -> [UInt8] {
      if method.name == "Hold" {
        print("held")
        fflush(nil)
        _ = try await BoundedQueue<Void>(capacity: 1).next()
      }
      return method.name == "Echo" ? request : Array(name.utf8)
    }
  }

  static func main() async throws {
    guard CommandLine.arguments.count == 3 else { exit(64) }
    DispatchQueue(label: "input").async {
      var byte: UInt8 = 0
      while read(STDIN_FILENO, &byte, 1) > 0 {}
      exit(0)
    }
    let service = Service(name: CommandLine.arguments[2])
    let server = RPCServer(endpoints: [CommandLine.arguments[1]], services: [service])
    try server.listen()
    print(server.boundEndpoints[0])
    fflush(nil)
    try await server.run()
  }
}
