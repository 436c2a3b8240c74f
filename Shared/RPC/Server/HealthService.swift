import RingmasterMessages
import Synchronization
import Wire

/// Answers every server's questions about itself: whether it serves, and which methods it has (`health.proto`).
///
/// Written by hand against the generated messages, because the generated stubs build on this module.
final class HealthService: RPCService {
  struct Owner {
    weak var server: RPCServer?
  }

  /// Set once the server exists.
  let server = Mutex(Owner())
  let descriptors = [
    MethodDescriptor(
      service: "ringmaster.v1.Health", name: "Check", isIdempotent: true,
      requestType: HealthCheckRequest.fullName, responseType: HealthCheckResponse.fullName),
    MethodDescriptor(
      service: "ringmaster.v1.Health", name: "List", isIdempotent: true,
      requestType: ListMethodsRequest.fullName, responseType: ListMethodsResponse.fullName),
  ]
  private let services: [any RPCService]

  init(services: [any RPCService]) {
    self.services = services
  }

  func handle(_ method: MethodDescriptor, request: [UInt8], context: CallContext) async throws -> [UInt8] {
    do {
      switch method.name {
      case "Check": return try check(HealthCheckRequest.decode(request)).encoded()
      case "List": return list().encoded()
      default: throw RPCError(.unimplemented, "no method \(method) here")
      }
    } catch let error as WireError {
      throw RPCError(.invalidArgument, error.message)
    }
  }

  private var methods: [MethodDescriptor] {
    (services.flatMap(\.descriptors) + descriptors).sorted { $0.fullName < $1.fullName }
  }

  private func check(_ request: HealthCheckRequest) throws -> HealthCheckResponse {
    guard request.service.isEmpty || methods.contains(where: { $0.service == request.service }) else {
      throw RPCError(.notFound, "no service \(request.service) here")
    }
    let isServing = server.withLock { $0.server?.isServing ?? false }
    var response = HealthCheckResponse()
    response.status = isServing ? .serving : .notServing
    return response
  }

  private func list() -> ListMethodsResponse {
    var response = ListMethodsResponse()
    response.methods = methods.map { method in
      var description = MethodDescription()
      description.service = method.service
      description.name = method.name
      description.requestType = method.requestType
      description.responseType = method.responseType
      description.idempotent = method.isIdempotent
      return description
    }
    return response
  }
}
