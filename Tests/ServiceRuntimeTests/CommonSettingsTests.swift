import Configuration
import Core
import Testing

@testable import ServiceRuntime

@Suite struct CommonSettingsTests {
  private func read(
    _ environment: [String: String], hasDatabase: Bool = true, servesRPC: Bool = true
  ) throws -> CommonSettings {
    var reader = ConfigurationReader(
      service: "auto-dialer", summary: "Places calls.", environment: environment, arguments: [])
    let settings = CommonSettings(&reader, service: "auto-dialer", hasDatabase: hasDatabase, servesRPC: servesRPC)
    try reader.finish()
    return settings
  }

  private func faults(_ environment: [String: String]) -> String {
    do {
      _ = try read(environment)
      return ""
    } catch {
      return "\(error)"
    }
  }

  private let least = [
    "RINGMASTER_DATABASE_URL": "postgres://h/d", "RINGMASTER_RPC_LISTEN": "tcp://127.0.0.1:0",
  ]

  @Test func littleIsNeeded() throws {
    let settings = try read(least)
    #expect(settings.database?.url == "postgres://h/d")
    #expect(settings.rpcEndpoints == ["tcp://127.0.0.1:0"])
    #expect(settings.opsAddress == "http://127.0.0.1:0")
    #expect(settings.clock.scale == 1 && settings.tls == nil && settings.traceURL == nil)
    #expect(try read([:], hasDatabase: false, servesRPC: false).database == nil)
  }

  @Test func aServicesOwnDatabaseWins() throws {
    let own = ["RINGMASTER_AUTO_DIALER_DATABASE_URL": "postgres://own/d"]
    #expect(try read(least.merging(own) { $1 }).database?.url == "postgres://own/d")
  }

  @Test func aMissingDatabaseIsOneFault() {
    let text = faults(["RINGMASTER_RPC_LISTEN": "tcp://127.0.0.1:0"])
    #expect(text.contains("1 fault"))
    #expect(text.contains("RINGMASTER_DATABASE_URL (--database-url): is not set"))
    let wrong = faults(["RINGMASTER_RPC_LISTEN": "tcp://127.0.0.1:0", "RINGMASTER_DATABASE_URL": "mysql://x"])
    #expect(wrong.contains("1 fault"))
  }

  @Test func timeRunsFromItsOrigin() throws {
    let settings = try read(
      least.merging([
        "RINGMASTER_TIME_SCALE": "75", "RINGMASTER_TIME_ORIGIN": "2026-03-02T14:55:00Z@2026-01-01T00:00:00Z",
      ]) { $1 })
    let real = try #require(Instant(rfc3339: "2026-01-01T00:00:02Z"))
    #expect(settings.clock.business(atReal: real).rfc3339 == "2026-03-02T14:57:30Z")
  }

  @Test func aScaleNeedsAnOrigin() {
    #expect(faults(least.merging(["RINGMASTER_TIME_SCALE": "2"]) { $1 }).contains("RINGMASTER_TIME_ORIGIN must be set"))
    #expect(faults(least.merging(["RINGMASTER_TIME_ORIGIN": "2026-03-02T14:55:00Z"]) { $1 }).contains("business@real"))
  }

  @Test func certificatesComeTogether() throws {
    #expect(faults(least.merging(["RINGMASTER_TLS_KEY": "k.pem"]) { $1 }).contains("must be set together"))
    #expect(faults(least.merging(["RINGMASTER_RPC_LISTEN": "tls+tcp://h:1"]) { $1 }).contains("RINGMASTER_TLS_CERT"))
    let settings = try read(
      least.merging([
        "RINGMASTER_RPC_LISTEN": "tls+tcp://h:1", "RINGMASTER_TLS_KEY": "k", "RINGMASTER_TLS_CERTIFICATE": "c",
        "RINGMASTER_TLS_CA": "a",
      ]) { $1 })
    #expect(settings.tls?.certificateFile == "c")
  }

  @Test(arguments: ["http://c:4318", "http://c:4318/", "http://c:4318/v1/traces"])
  func theCollectorsPathIsAdded(endpoint: String) {
    #expect(CommonSettings.traceURL(endpoint) == "http://c:4318/v1/traces")
  }

  @Test func peersAreNamedByTheirService() throws {
    var reader = ConfigurationReader(
      service: "gateway", summary: "", environment: ["RINGMASTER_MEDIA_BRIDGE_ENDPOINTS": "tcp://a:1, ipc:///b"],
      arguments: [])
    #expect(reader.endpoints(of: "media-bridge") == ["tcp://a:1", "ipc:///b"])
    try reader.finish()
  }
}
