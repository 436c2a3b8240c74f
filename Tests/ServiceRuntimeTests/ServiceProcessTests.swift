import Configuration
import Core
import Glibc
import HTTP
import Lifecycle
import Logging
import Postgres
import RPC
import RingmasterMessages
import Synchronization
import TestSupport
import Testing

@testable import ServiceRuntime

@Suite struct ServiceProcessTests {
  /// Tells when it runs, and ends when asked or cancelled.
  final class Worker: LifecycleService {
    let name = "worker"
    let started = BoundedQueue<Void>(capacity: 1)
    let end = BoundedQueue<Void>(capacity: 1)

    func run() async throws {
      _ = started.offer(())
      _ = try await end.next()
    }
  }

  struct Check {
    let sink = CapturingSink()
    let worker = Worker()
    let http = HTTPClient()
    let process: ServiceProcess

    init(
      _ environment: [String: String] = [:], schema: DatabaseSchema? = nil, servesRPC: Bool = false,
      build: @escaping ServiceProcess.Build = { _ in [] }
    ) throws {
      var reader = ConfigurationReader(service: "test", summary: "", environment: environment, arguments: [])
      let common = CommonSettings(&reader, service: "test", hasDatabase: schema != nil, servesRPC: servesRPC)
      try reader.finish()
      process = ServiceProcess(
        name: "test", schema: schema, servesRPC: servesRPC, common: common, sink: sink, signals: []
      ) { [worker] context in
        try await build(context) + [worker]
      }
    }

    func get(_ path: String) async throws -> HTTPClientResponse {
      try await http.send(
        HTTPClientRequest(url: "http://127.0.0.1:\(process.boundAddresses.opsPort)\(path)", timeout: .seconds(60)))
    }

    /// Asks until the service is ready, or is not any more.
    func waitUntil(ready: Bool) async throws -> HTTPClientResponse {
      while true {
        let response = try await get("/ready")
        if (response.status.code == 200) == ready { return response }
      }
    }

    /// Runs the service, and `body` while it works. Returns the exit status.
    func run(stops: Bool = true, _ body: () async throws -> Void) async throws -> Int32 {
      try await withThrowingTaskGroup(of: Int32.self) { group in
        group.addTask { await process.run() }
        _ = try await worker.started.next()
        try await body()
        if stops { process.stop() }
        return try await group.next() ?? -1
      }
    }
  }

  @Test func startsAnswersOperatorsAndStops() async throws {
    let check = try Check()
    let status = try await check.run {
      let ready = try await check.waitUntil(ready: true)
      #expect(try ready.json() == ["ready": true, "phase": "serving", "checks": [:]])
      #expect(try await check.get("/health").json()["status"] == "alive")
      let metrics = try await check.get("/metrics")
      #expect(metrics.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8")
      #expect(String(decoding: metrics.body, as: UTF8.self).contains("process_resident_memory_bytes"))
    }
    #expect(status == 0)
    #expect(check.sink.lines.last?.contains("stopped") == true)
  }

  @Test func servesMethods() async throws {
    let check = try Check(["RINGMASTER_RPC_LISTEN": "tcp://127.0.0.1:0"], servesRPC: true)
    let status = try await check.run {
      let ready = try await check.waitUntil(ready: true)
      #expect(try ready.json()["checks"] == ["rpc": ["ok": true]])
      let client = try RPCClient(endpoints: check.process.boundAddresses.rpcEndpoints)
      let method = MethodDescriptor(
        service: "ringmaster.v1.Health", name: "Check", isIdempotent: true,
        requestType: HealthCheckRequest.fullName, responseType: HealthCheckResponse.fullName)
      let response = try await client.call(method, request: HealthCheckRequest().encoded())
      #expect(try HealthCheckResponse.decode(response).status == .serving)
      await client.close()
    }
    #expect(status == 0)
  }

  @Test func aTakenPortIsSaidWithItsSetting() async throws {
    let first = try Check(["RINGMASTER_RPC_LISTEN": "tcp://127.0.0.1:0"], servesRPC: true)
    let status = try await first.run {
      _ = try await first.waitUntil(ready: true)
      let taken = first.process.boundAddresses
      let second = try Check(["RINGMASTER_RPC_LISTEN": taken.rpcEndpoints[0]], servesRPC: true)
      #expect(await second.process.run() == 69)
      #expect(second.sink.lines.contains { $0.contains("RINGMASTER_RPC_LISTEN: ") && $0.contains("choose another") })
      let third = try Check(["RINGMASTER_OPS_LISTEN": "http://127.0.0.1:\(taken.opsPort)"])
      #expect(await third.process.run() == 69)
      #expect(third.sink.lines.contains { $0.contains("RINGMASTER_OPS_LISTEN: ") && $0.contains("choose another") })
    }
    #expect(status == 0)
  }

  @Test func aServiceThatEndsEndsTheProcess() async throws {
    let check = try Check()
    let status = try await check.run(stops: false) { _ = check.worker.end.offer(()) }
    #expect(status == 70)
    #expect(check.sink.lines.contains { $0.contains("worker ended unexpectedly") })
  }

  @Test func aDatabaseThatDoesNotAnswerIsWaitedForAndThenNamed() async throws {
    let schema = DatabaseSchema(name: "runtime_test", migrations: [])
    // Port 9 of this host, "discard": nobody listens.
    let environment = [
      "RINGMASTER_DATABASE_URL": "postgres://u@127.0.0.1:9/d", "RINGMASTER_DATABASE_PATIENCE": "600ms",
    ]
    let check = try Check(environment, schema: schema)
    #expect(await check.process.run() == 69)
    #expect(check.sink.lines.contains { $0.contains("waiting for the database") })
    #expect(check.sink.lines.contains { $0.contains("is RINGMASTER_DATABASE_URL right?") })
  }

  @Test func stopsWhileItWaitsForTheDatabase() async throws {
    let schema = DatabaseSchema(name: "runtime_test", migrations: [])
    let check = try Check(["RINGMASTER_DATABASE_URL": "postgres://u@127.0.0.1:9/d"], schema: schema)
    let status = try await withThrowingTaskGroup(of: Int32.self) { group in
      group.addTask { await check.process.run() }
      while check.process.boundAddresses.opsPort == 0 { await Task.yield() }
      let ready = try await check.waitUntil(ready: false)
      #expect(try ready.json()["phase"] == "starting")
      check.process.stop()
      return try await group.next()
    }
    #expect(status == 0)
  }

  @Test func theSchemaIsThereWhenTheServiceIsBuilt() async throws {
    try await TestDatabase.with { database in
      let schema = DatabaseSchema(
        name: "runtime_test",
        migrations: [Migration(number: 1, name: "notes", sql: "create table note (text text primary key)")])
      let add = NamedQuery(name: "add note", sql: "insert into note values ($1)")
      let check = try Check(["RINGMASTER_DATABASE_URL": database.url], schema: schema) { context in
        try await context.pool.execute(add, "built")
        return []
      }
      let status = try await check.run {
        let ready = try await check.waitUntil(ready: true)
        #expect(try ready.json()["checks"] == ["database": ["ok": true]])
      }
      #expect(status == 0)
      let once = try Check(
        ["RINGMASTER_DATABASE_URL": database.url, "RINGMASTER_MIGRATE_ONLY": "true"], schema: schema)
      #expect(await once.process.run() == 0)
      let changed = DatabaseSchema(
        name: "runtime_test", migrations: [Migration(number: 1, name: "notes", sql: "select 1")])
      let refused = try Check(["RINGMASTER_DATABASE_URL": database.url], schema: changed)
      #expect(await refused.process.run() == 65)
    }
  }

  @Test func aDatabaseThatGoesAwayMakesTheServiceNotReady() async throws {
    _ = try await TestServer.shared()  // One start at a time: a server inherits the other start's pipe.
    let folder = TestServer.folder("runtime")
    let server = try await TestServer.start(in: folder, owner: getpid())
    let check = try Check(
      ["RINGMASTER_DATABASE_URL": server.url], schema: DatabaseSchema(name: "runtime_test", migrations: []))
    let status = try await check.run {
      _ = try await check.waitUntil(ready: true)
      try await server.stop()
      let response = try await check.waitUntil(ready: false)
      #expect(try response.json()["checks"]?["database"]?["ok"] == false)
      try await server.restart()
      _ = try await check.waitUntil(ready: true)
    }
    #expect(status == 0)
    try await server.destroy()
  }
}
