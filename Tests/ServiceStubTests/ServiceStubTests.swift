import JSON
import RPC
import RingmasterMessages
import RingmasterServices
import Testing
import Wire

/// The generated servers and the registry, without a transport.
@Suite struct ServiceStubTests {
  struct Handler: HealthHandler {
    func check(_ request: HealthCheckRequest, context: CallContext) async throws -> HealthCheckResponse {
      if request.service == "gone" { throw RPCError(.notFound, "no service gone") }
      return HealthCheckResponse(status: context.tenant == "t" ? .serving : .notServing)
    }

    func list(_ request: ListMethodsRequest, context: CallContext) async throws -> ListMethodsResponse {
      ListMethodsResponse(methods: HealthMethods.all.map { MethodDescription(service: $0.service, name: $0.name) })
    }
  }

  let server = HealthServer(Handler())

  @Test func aCallReachesItsMethod() async throws {
    let bytes = try await server.handle(
      HealthMethods.check, request: HealthCheckRequest(service: "x").encoded(), context: CallContext(tenant: "t"))
    #expect(try HealthCheckResponse.decode(bytes).status == .serving)
    let list = try await server.handle(HealthMethods.list, request: [], context: CallContext())
    #expect(try ListMethodsResponse.decode(list).methods.map(\.name) == ["Check", "List"])
    #expect(server.descriptors == HealthMethods.all)
  }

  @Test func theHandlersErrorPassesThrough() async {
    await #expect(throws: RPCError(.notFound, "no service gone")) {
      try await server.handle(
        HealthMethods.check, request: HealthCheckRequest(service: "gone").encoded(), context: CallContext())
    }
  }

  @Test func bytesThatAreNoRequestAreAnInvalidArgument() async {
    let error = await #expect(throws: RPCError.self) {
      try await server.handle(HealthMethods.check, request: [0x0A, 0x05], context: CallContext())
    }
    #expect(error?.code == .invalidArgument)
    #expect(error?.message.contains("ringmaster.v1.HealthCheckRequest") == true)
  }

  @Test func aMethodOfAnotherServiceIsUnimplemented() async {
    let error = await #expect(throws: RPCError.self) {
      try await server.handle(CampaignServiceMethods.getCampaign, request: [], context: CallContext())
    }
    #expect(error?.code == .unimplemented)
  }

  @Test func theRegistryCallsByJSON() throws {
    let method = try #require(ServiceRegistry.method(named: "ringmaster.v1.Health/Check"))
    #expect(method.descriptor.isIdempotent)
    #expect(method.documentation.hasPrefix("Whether a service takes calls."))
    #expect(try method.requestFromJSON(["service": "x"]) == HealthCheckRequest(service: "x").encoded())
    #expect(
      try method.responseToJSON(HealthCheckResponse(status: .serving).encoded()) == ["status": "SERVING_STATUS_SERVING"]
    )
    let error = #expect(throws: WireJSONError.self) { try method.requestFromJSON(["servis": "x"]) }
    #expect(error?.path == "servis")
    #expect(ServiceRegistry.method(named: "ringmaster.v1.Health/Nothing") == nil)
  }

  @Test func idempotencyComesFromTheProto() {
    #expect(CampaignServiceMethods.getCampaign.isIdempotent)
    #expect(CampaignServiceMethods.importLeads.isIdempotent)
    #expect(!CampaignServiceMethods.createCampaign.isIdempotent)
  }

  @Test func everyMethodIsRegisteredOnceWithTypesThatExist() {
    let names = ServiceRegistry.methods.map(\.descriptor.fullName)
    #expect(Set(names).count == names.count)
    for method in ServiceRegistry.methods {
      #expect(MessageRegistry.type(named: method.descriptor.requestType) != nil)
      #expect(MessageRegistry.type(named: method.descriptor.responseType) != nil)
    }
  }
}
