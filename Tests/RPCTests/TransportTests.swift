import Nng
import Testing

@testable import RPC

@Suite struct TransportTests {
  private static let echo: Handler = { request, _ in request }

  @Test(arguments: ["ipc", "tcp"]) func callsTravel(over transport: String) async throws {
    let endpoint = transport == "ipc" ? freeEndpoint() : "tcp://127.0.0.1:0"
    try await withServer(["Echo": Self.echo], at: [endpoint]) { client, server in
      #expect(server.boundEndpoints[0].hasPrefix(transport) && !server.boundEndpoints[0].hasSuffix(":0"))
      try await client.expect("Echo", [1, 2], answers: [1, 2])
    }
  }

  @Test func oneServerHasSeveralEndpoints() async throws {
    try await withServer(["Echo": Self.echo], at: [freeEndpoint(), "tcp://127.0.0.1:0"]) { _, server in
      for endpoint in server.boundEndpoints {
        try await withClient(of: [endpoint]) { client in try await client.expect("Echo", [1], answers: [1]) }
      }
    }
  }

  @Test func bothEndsProveWhoTheyAre() async throws {
    let certificates = try await Certificates.make()
    var options = RPCServerOptions()
    options.tls = certificates.configuration()
    var clientOptions = RPCClientOptions()
    clientOptions.tls = certificates.configuration()
    try await withServer(
      ["Echo": Self.echo], at: ["tls+tcp://localhost:0"], options: options, clientOptions: clientOptions
    ) { client, server in
      let large = [UInt8](repeating: 3, count: 300_000)
      try await client.expect("Echo", large, answers: large)
      // Without a certificate, with one of another authority, and distrusting the server's.
      for refused in [
        certificates.configuration(isMutual: false), certificates.configuration("other"),
        certificates.configuration(trusting: "other"),
      ] {
        var options = RPCClientOptions()
        options.tls = refused
        options.connectTimeout = .milliseconds(300)
        try await withClient(of: server.boundEndpoints, options: options) { client in
          let code = try await code { try await client.call("Echo", [1]) }
          #expect(code == .unavailable)
        }
      }
      try await client.expect("Echo", [4], answers: [4])
    }
  }

  @Test func plainTextIsRefusedByTLS() async throws {
    let certificates = try await Certificates.make()
    var options = RPCServerOptions()
    options.tls = certificates.configuration()
    let server = RPCServer(
      endpoints: ["tls+tcp://localhost:0"], services: [TestService(["Echo": Self.echo])], options: options)
    try await withRunning(server) {
      var clientOptions = RPCClientOptions()
      clientOptions.connectTimeout = .milliseconds(300)
      let plain = server.boundEndpoints[0].replacing("tls+tcp", with: "tcp")
      try await withClient(of: [plain], options: clientOptions) { client in
        let code = try await code { try await client.call("Echo", [1]) }
        #expect(code == .unavailable)
      }
    }
  }

  @Test func unusableAddressesSayWhatIsWrong() throws {
    #expect(throws: NngError.self) { try RPCClient(endpoints: ["nonsense"]) }
    let missing = #expect(throws: NngError.self) { try RPCClient(endpoints: ["tls+tcp://localhost:1"]) }
    #expect(missing?.message == "dial tls+tcp://localhost:1: needs TLS files")
    let endpoint = freeEndpoint()
    let (first, second) = (
      RPCServer(endpoints: [endpoint], services: []), RPCServer(endpoints: [endpoint], services: [])
    )
    try first.listen()
    let taken = #expect(throws: NngError.self) { try second.listen() }
    #expect(taken?.code == .addressInUse)
  }
}
