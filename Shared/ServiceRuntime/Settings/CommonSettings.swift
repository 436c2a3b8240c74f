import Configuration
import Core
import Logging
import Nng

/// What every service can be told, read once.
struct CommonSettings: Sendable {
  struct Database: Sendable {
    var url: String
    var poolSize: Int
    var patience: Duration
    var migratesOnly: Bool
  }

  var logLevel: LogLevel
  var logFormat: LogFormat
  var clock: ScaledClock
  var database: Database?
  var rpcEndpoints: [String]
  var tls: TLSConfiguration?
  var opsAddress: String
  var drainTimeout: Duration
  /// The collector's `/v1/traces`.
  var traceURL: String?

  /// - Parameters:
  ///   - service: The program's name.
  ///   - hasDatabase: Whether it owns a schema.
  ///   - servesRPC: Whether it has methods.
  init(_ reader: inout ConfigurationReader, service: String, hasDatabase: Bool, servesRPC: Bool) {
    if hasDatabase { database = CommonSettings.readDatabase(&reader, service) }
    reader.group("Network")
    rpcEndpoints =
      servesRPC
      ? reader.urls(
        "RINGMASTER_RPC_LISTEN", schemes: CommonSettings.endpointSchemes, default: nil,
        help: "Where this service's methods are served; port 0 takes a free one.") : []
    opsAddress = reader.url(
      "RINGMASTER_OPS_LISTEN", schemes: ["http"], default: "http://127.0.0.1:0",
      help: "Where /health, /ready and /metrics are served; port 0 takes a free one and logs it.")
    tls = CommonSettings.readTLS(&reader)
    if tls == nil, rpcEndpoints.contains(where: { $0.hasPrefix("tls+tcp://") }) {
      reader.fault(
        "RINGMASTER_RPC_LISTEN has a tls+tcp:// address; that needs RINGMASTER_TLS_CERTIFICATE, _KEY and _CA")
    }
    clock = CommonSettings.readClock(&reader)
    reader.group("Operation")
    logLevel = reader.choice("RINGMASTER_LOG_LEVEL", default: LogLevel.info, help: "The least that is logged.")
    logFormat = reader.choice(
      "RINGMASTER_LOG_FORMAT", default: LogFormat.json, help: "One JSON object a line, or text for people.")
    drainTimeout = reader.duration(
      "RINGMASTER_DRAIN_TIMEOUT", default: .seconds(20), range: .zero ... .hours(1),
      help: "How long work that was begun may take to end after SIGTERM; then it is cancelled.")
    let collector = reader.optionalURL(
      "RINGMASTER_OTLP_ENDPOINT", schemes: ["http", "https"],
      help: "An OpenTelemetry collector that traces are sent to (OTLP/HTTP), such as http://localhost:4318.")
    traceURL = collector.map(CommonSettings.traceURL)
  }

  /// What nng can dial and listen on.
  static let endpointSchemes = ["tcp", "ipc", "tls+tcp"]

  static func traceURL(_ collector: String) -> String {
    let path = "/v1/traces"
    if collector.hasSuffix(path) { return collector }
    return (collector.hasSuffix("/") ? String(collector.dropLast()) : collector) + path
  }

  private static func readDatabase(_ reader: inout ConfigurationReader, _ service: String) -> Database {
    let own = "RINGMASTER_\(service.uppercased().split(separator: "-").joined(separator: "_"))_DATABASE_URL"
    let schemes = ["postgres", "postgresql"]
    reader.group("Database")
    let shared = reader.optionalURL(
      "RINGMASTER_DATABASE_URL", schemes: schemes,
      help: "The database, as a user that may create schemas and roles. This or the next is needed.")
    let url = reader.optionalURL(own, schemes: schemes, help: "The same for this service alone; it wins.") ?? shared
    if url == nil, !reader.isSet(own), !reader.isSet("RINGMASTER_DATABASE_URL") {
      reader.fault(
        "RINGMASTER_DATABASE_URL (--database-url): is not set; it needs a URL starting with postgres://")
    }
    return Database(
      url: url ?? "",
      poolSize: reader.int(
        "RINGMASTER_DATABASE_CONNECTIONS", default: 8, range: 1...1_000, help: "The most connections at a time."),
      patience: reader.duration(
        "RINGMASTER_DATABASE_PATIENCE", default: .seconds(30), range: .zero ... .hours(1),
        help: "How long the start waits for a database that does not answer, before exit status 69."),
      migratesOnly: reader.bool(
        "RINGMASTER_MIGRATE_ONLY", default: false, help: "Bring the schema up to date and exit."))
  }

  private static func readTLS(_ reader: inout ConfigurationReader) -> TLSConfiguration? {
    let certificate = reader.optionalString(
      "RINGMASTER_TLS_CERTIFICATE", help: "This service's certificate for tls+tcp://, a PEM file.")
    let key = reader.optionalString("RINGMASTER_TLS_KEY", help: "The certificate's key, a PEM file.")
    let authority = reader.optionalString(
      "RINGMASTER_TLS_CA", help: "The authorities that peers' certificates must come from, a PEM file.")
    guard let certificate, let key, let authority else {
      if certificate != nil || key != nil || authority != nil {
        reader.fault("RINGMASTER_TLS_CERTIFICATE, RINGMASTER_TLS_KEY and RINGMASTER_TLS_CA must be set together")
      }
      return nil
    }
    return TLSConfiguration(certificateFile: certificate, keyFile: key, authorityFile: authority)
  }

  private static func readClock(_ reader: inout ConfigurationReader) -> ScaledClock {
    reader.group("Time")
    let scale = reader.double(
      "RINGMASTER_TIME_SCALE", default: 1, range: 0.001...100_000,
      help: "Business seconds per real second; the same for every process of an installation.")
    let origin = reader.optional(
      "RINGMASTER_TIME_ORIGIN", accepts: "business@real, such as 2026-03-02T09:00:00Z@2026-01-15T08:30:00Z",
      help: "What the business clock reads at a moment of the wall clock; the same for every process."
    ) { TimeOrigin($0) }
    guard let origin else {
      if scale != 1 {
        reader.fault("RINGMASTER_TIME_ORIGIN must be set when RINGMASTER_TIME_SCALE is not 1")
      }
      return ScaledClock()
    }
    return ScaledClock(scale: scale, businessOrigin: origin.business, realOrigin: origin.real)
  }
}

/// Two readings at one moment: `2026-03-02T09:00:00Z@2026-01-15T08:30:00Z`.
struct TimeOrigin: Hashable, Sendable {
  var business: Instant
  var real: Instant

  init?(_ text: String) {
    let parts = text.split(separator: "@", omittingEmptySubsequences: false)
    guard parts.count == 2, let business = Instant(rfc3339: String(parts[0])),
      let real = Instant(rfc3339: String(parts[1]))
    else { return nil }
    self.business = business
    self.real = real
  }
}
