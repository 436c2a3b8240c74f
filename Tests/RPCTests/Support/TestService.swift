import Core
import Glibc
import Logging
import Metrics
import Synchronization
import Testing

@testable import RPC

typealias Handler = @Sendable (_ request: [UInt8], _ context: CallContext) async throws -> [UInt8]

/// Methods of a test's own: `Test/Name`, whose requests and responses are plain bytes.
struct TestService: RPCService {
  private let handlers: [String: Handler]
  let descriptors: [MethodDescriptor]

  init(_ handlers: [String: Handler]) {
    self.handlers = handlers
    descriptors = handlers.keys.sorted().map { method($0) }
  }

  func handle(_ method: MethodDescriptor, request: [UInt8], context: CallContext) async throws -> [UInt8] {
    guard let handler = handlers[method.name] else { throw RPCError(.unimplemented, "no \(method)") }
    return try await handler(request, context)
  }
}

func method(_ name: String, isIdempotent: Bool = false) -> MethodDescriptor {
  MethodDescriptor(service: "Test", name: name, isIdempotent: isIdempotent, requestType: "bytes", responseType: "bytes")
}

/// Counts, from any task.
final class Tally: Sendable {
  private let value = Atomic<Int>(0)

  var count: Int { value.load(ordering: .sequentiallyConsistent) }

  @discardableResult
  func add() -> Int { value.wrappingAdd(1, ordering: .sequentiallyConsistent).newValue }
}

/// A Unix socket that no other test uses.
func freeEndpoint() -> String { "ipc:///tmp/ringmaster-rpc-\(getpid())-\(UniqueID.random())" }

/// Runs a server for the length of `body`, which gets a client of it, and stops both.
@discardableResult
func withServer<Result: Sendable>(
  _ handlers: [String: Handler], at endpoints: [String] = [freeEndpoint()],
  options: RPCServerOptions = RPCServerOptions(), clientOptions: RPCClientOptions = RPCClientOptions(),
  logger: Logger = .discarding, metrics: MetricsRegistry = MetricsRegistry(),
  _ body: (RPCClient, RPCServer) async throws -> Result
) async throws -> Result {
  let server = RPCServer(
    endpoints: endpoints, services: [TestService(handlers)], options: options, logger: logger, metrics: metrics)
  return try await withRunning(server) {
    try await withClient(of: server.boundEndpoints, options: clientOptions) { try await body($0, server) }
  }
}

func withRunning<Result: Sendable>(_ server: RPCServer, _ body: () async throws -> Result) async throws -> Result {
  try server.listen()
  return try await withThrowingTaskGroup(of: Void.self) { group in
    group.addTask { try await server.run() }
    let result = try await body()
    group.cancelAll()
    try await group.waitForAll()
    return result
  }
}

func withClient<Result: Sendable>(
  of endpoints: [String], options: RPCClientOptions = RPCClientOptions(), _ body: (RPCClient) async throws -> Result
) async throws -> Result {
  let client = try RPCClient(endpoints: endpoints, options: options)
  do {
    let result = try await body(client)
    await client.close()
    return result
  } catch {
    await client.close()
    throw error
  }
}

extension CallOptions {
  /// Long enough that a loaded machine never gets there.
  static var patient: CallOptions { CallOptions(deadline: .seconds(120)) }
}

extension RPCClient {
  func call(_ name: String, _ request: [UInt8] = [], isIdempotent: Bool = false) async throws -> [UInt8] {
    try await call(method(name, isIdempotent: isIdempotent), request: request, options: .patient)
  }

  func expect(
    _ name: String, _ request: [UInt8] = [], isIdempotent: Bool = false, answers expected: [UInt8],
    location: SourceLocation = #_sourceLocation
  ) async throws {
    let answer = try await call(name, request, isIdempotent: isIdempotent)
    #expect(answer == expected, sourceLocation: location)
  }
}

/// The code that a call ends with; nil when it succeeds.
func code(_ body: () async throws -> [UInt8]) async throws -> RPCCode? {
  do {
    _ = try await body()
    return nil
  } catch let error as RPCError {
    return error.code
  }
}
