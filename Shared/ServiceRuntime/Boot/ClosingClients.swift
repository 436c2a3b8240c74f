import Lifecycle
import RPC

/// Closes the clients that a service made, after everything that uses them has stopped.
struct ClosingClients: LifecycleService {
  let name = "rpc-clients"
  let clients: [RPCClient]

  func run() async throws {
    try await untilCancelled()
  }

  func drain() async {
    for client in clients { await client.close() }
  }
}
