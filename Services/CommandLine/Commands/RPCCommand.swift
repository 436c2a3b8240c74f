import Core
import JSON
import RPC
import RingmasterMessages
import RingmasterServices
import Wire

/// `ringmaster rpc ENDPOINT METHOD JSON`: any method of any service.
struct RPCCommand: Sendable {
  let terminal: Terminal
  let arguments: Arguments

  private static let deadline = Duration.seconds(30)

  func run() async throws {
    let endpoint = try arguments.position(0, "the endpoint (ipc://, tcp:// or tls+tcp://)")
    let method = try arguments.position(1, "the method, or list")
    guard ["ipc://", "tcp://", "tls+tcp://"].contains(where: endpoint.hasPrefix) else {
      throw Arguments.UsageError(
        description: "\"\(endpoint)\" is no endpoint; one begins with ipc://, tcp:// or tls+tcp://")
    }
    let client = try RPCClient(endpoints: [endpoint])
    do {
      if method == "list" { try await list(client) } else { try await call(method, client) }
    } catch let error as RPCError {
      await client.close()
      let code = error.code == .unavailable ? CommandFailure.unreachable : CommandFailure.refused
      throw CommandFailure(exitCode: code, description: error.description)
    } catch {
      await client.close()
      throw error
    }
    await client.close()
  }

  private func list(_ client: RPCClient) async throws {
    let answer = try await HealthClient(client).list(ListMethodsRequest(), options: options)
    if terminal.asJSON { return terminal.json(answer.json) }
    for method in answer.methods {
      terminal.line("\(method.service)/\(method.name)  \(method.requestType) → \(method.responseType)")
    }
  }

  private func call(_ name: String, _ client: RPCClient) async throws {
    let known = ServiceRegistry.methods.first { method in
      method.descriptor.fullName == name || method.descriptor.fullName.hasSuffix(".\(name)")
        || method.descriptor.name == name
    }
    guard let known else {
      throw Arguments.UsageError(
        description: "\"\(name)\" is not known; \"ringmaster rpc ENDPOINT list\" shows what there is")
    }
    let text = arguments.positions.count > 2 ? arguments.positions[2] : "{}"
    let bytes = text == "-" ? try FileReader.bytes(of: "-") : Array(text.utf8)
    let request: [UInt8]
    do {
      request = try known.requestFromJSON(JSONValue.parse(bytes))
    } catch let error as JSONError {
      throw Arguments.UsageError(description: "the request is no JSON: \(error)")
    } catch let error as WireJSONError {
      throw Arguments.UsageError(description: "the request is no \(known.descriptor.requestType): \(error)")
    }
    let response = try await client.call(known.descriptor, request: request, options: options)
    terminal.json(try known.responseToJSON(response))
  }

  private var options: CallOptions {
    CallOptions(deadline: Self.deadline, tenant: TenantID.standard.description, actor: "cli")
  }
}
