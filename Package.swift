// swift-tools-version: 6.2
import PackageDescription

// One package, no outside Swift packages. Arrows between targets point down this file only; `.ci/check-structure`
// holds the rules that the compiler cannot (who may import which C module, no service importing another).

let swift: [SwiftSetting] = [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]
/// For modules without C underneath: every unsafe construct is then a word that a reviewer sees.
let safeSwift: [SwiftSetting] = swift + [.strictMemorySafety()]

func shared(_ name: String, _ dependencies: [Target.Dependency] = [], safe: Bool = true) -> Target {
  .target(
    name: name, dependencies: dependencies, path: "Shared/\(name)",
    swiftSettings: safe ? safeSwift : swift)
}

/// A service: its library (everything but `Main/`) and its executable, which reads configuration, wires and runs.
func service(
  _ name: String, executable: String, _ dependencies: [Target.Dependency], sql: Bool = true,
  resources: [Resource] = []
) -> [Target] {
  [
    .target(
      name: name, dependencies: dependencies, path: "Services/\(name)", exclude: ["Main", "README.md"],
      resources: (sql ? [.embedInCode("SQL")] : []) + resources, swiftSettings: swift),
    .executableTarget(
      name: executable, dependencies: [.target(name: name), "ServiceRuntime"], path: "Services/\(name)/Main",
      swiftSettings: swift),
  ]
}

func tests(_ name: String, _ dependencies: [Target.Dependency], path: String? = nil) -> Target {
  .testTarget(
    name: name, dependencies: dependencies + ["TestSupport", "ThreadSanitizerSupport"], path: path ?? "Tests/\(name)",
    swiftSettings: swift)
}

let serviceBase: [Target.Dependency] = [
  "Core", "JSON", "Configuration", "Logging", "Metrics", "Tracing", "Lifecycle", "RPC", "Postgres", "EventLog",
  "HTTP", "Telephony", "CampaignTerms", "ServiceRuntime", "RingmasterMessages", "RingmasterServices",
]

let cLibraries: [Target] = [
  .systemLibrary(name: "CNng", path: "Shared/CNng", providers: [.apt(["libnng-dev"])]),
  .systemLibrary(name: "CPostgres", path: "Shared/CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
  .systemLibrary(
    name: "CProtobuf", path: "Shared/CProtobuf", pkgConfig: "libprotobuf-c", providers: [.apt(["libprotobuf-c-dev"])]),
  .target(name: "CCurl", path: "Shared/CCurl", linkerSettings: [.linkedLibrary("curl")]),
  .systemLibrary(name: "CCrypto", path: "Shared/CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
  .target(
    name: "CPhoneNumber", path: "Shared/CPhoneNumber",
    linkerSettings: [.linkedLibrary("phonenumber"), .linkedLibrary("protobuf"), .linkedLibrary("stdc++")]),
]

let sharedModules: [Target] = [
  shared("Core"),
  shared("JSON", ["Core"]),
  shared("Configuration", ["Core"]),
  shared("Logging", ["Core"]),
  shared("Metrics", ["Core"]),
  shared("Tracing", ["Core"]),
  shared("Lifecycle", ["Core", "Logging"]),
  shared("Crypto", ["Core", "CCrypto"], safe: false),
  shared("Nng", ["Core", "CNng"], safe: false),
  shared("Wire", ["Core", "JSON", "CProtobuf"], safe: false),
  shared("Postgres", ["Core", "JSON", "Logging", "Metrics", "Lifecycle", "Crypto", "CPostgres"], safe: false),
  shared(
    "HTTP", ["Core", "JSON", "Logging", "Metrics", "Tracing", "Lifecycle", "Nng", "CCurl", "Crypto"], safe: false),
  .target(
    name: "Telephony", dependencies: ["Core", "JSON", "CPhoneNumber"], path: "Shared/Telephony",
    exclude: ["Generator"], resources: [.embedInCode("Data")], swiftSettings: swift),
]

let protocols: [Target] = [
  .target(
    name: "CDescriptorProtos", dependencies: ["CProtobuf"], path: "Protos/Plugin/Descriptor"),
  .target(
    name: "ProtocPlugin", dependencies: ["CDescriptorProtos", "CProtobuf"], path: "Protos/Plugin/Generator",
    swiftSettings: swift),
  .executableTarget(
    name: "protoc-gen-ringmaster", dependencies: ["ProtocPlugin"], path: "Protos/Plugin/Main", swiftSettings: swift),
  .target(name: "CRingmasterProtos", dependencies: ["CProtobuf"], path: "Protos/Generated/C"),
  .target(
    name: "RingmasterMessages", dependencies: ["Wire", "JSON", "Core", "CRingmasterProtos", "CProtobuf"],
    path: "Protos/Generated/Messages", swiftSettings: swift),
  shared(
    "RPC", ["Core", "Logging", "Metrics", "Tracing", "Lifecycle", "Nng", "Wire", "JSON", "RingmasterMessages"],
    safe: false),
  .target(
    name: "RingmasterServices", dependencies: ["RPC", "Wire", "JSON", "RingmasterMessages"],
    path: "Protos/Generated/Services", swiftSettings: swift),
  shared("CampaignTerms", ["Core", "Telephony", "Wire", "RPC", "RingmasterMessages"]),
  .target(
    name: "EventLog",
    dependencies: [
      "Core", "Logging", "Metrics", "Lifecycle", "Postgres", "RPC", "Wire", "RingmasterMessages", "RingmasterServices",
    ],
    path: "Shared/EventLog", resources: [.embedInCode("SQL")], swiftSettings: swift),
  shared(
    "ServiceRuntime",
    [
      "Core", "JSON", "Configuration", "Logging", "Metrics", "Tracing", "Lifecycle", "Nng", "RPC", "Postgres", "HTTP",
      "EventLog", "RingmasterServices",
    ], safe: false),
]

let services: [Target] =
  service("CampaignExecutor", executable: "campaign-executor", serviceBase + ["Crypto"])
  + service("AutoDialer", executable: "auto-dialer", serviceBase + ["Crypto"])
  + service("OutcomeTracker", executable: "outcome-tracker", serviceBase)
  + service("QualificationScorer", executable: "qualification-scorer", serviceBase)
  + service("KBGenerator", executable: "kb-generator", serviceBase)
  + service("MediaBridge", executable: "media-bridge", serviceBase + ["Crypto"])
  + service("FollowUp", executable: "follow-up", serviceBase)
  + service("Gateway", executable: "gateway", serviceBase + ["Crypto"])
  + service("PhoneNetwork", executable: "phone-network", serviceBase + ["Crypto"], sql: false)
  + service("CommandLine", executable: "ringmaster", serviceBase, sql: false)

/// Checks proofs offline. Apart from the services: it shares with the dialer only the law and what lies below it.
let verifier: [Target] = [
  .target(
    name: "Verify", dependencies: ["Core", "JSON", "Crypto", "Telephony"], path: "Services/Verify",
    exclude: ["Main", "README.md"], swiftSettings: safeSwift),
  .executableTarget(
    name: "ringmaster-verify", dependencies: ["Verify"], path: "Services/Verify/Main", swiftSettings: swift),
]

let testTargets: [Target] = [
  .target(
    name: "TestSupport", dependencies: ["Core", "JSON", "Logging", "Lifecycle", "Postgres"], path: "Tests/Support",
    swiftSettings: swift),
  .target(
    name: "LoadSupport", dependencies: ["AutoDialer"] + serviceBase, path: "Tests/Load/Support", swiftSettings: swift),
  .executableTarget(
    name: "media-bridge-ends",
    dependencies: [
      "HTTP", "Core", "JSON", "Logging", "Metrics", "Crypto", "RPC", "Wire", "RingmasterMessages", "RingmasterServices",
      "TestSupport",
    ],
    path: "Tests/Load/MediaBridge/Ends", swiftSettings: swift),
  tests("MediaBridgeTests", ["MediaBridge", "PhoneNetwork"] + serviceBase + ["Crypto"]),
  .executableTarget(
    name: "phone-network-load", dependencies: ["HTTP", "Core", "JSON", "Logging", "Metrics", "TestSupport"],
    path: "Tests/Load/PhoneNetwork", swiftSettings: swift),
  tests("PhoneNetworkTests", ["PhoneNetwork"] + serviceBase + ["Crypto"]),
  tests(
    "AutoDialerTests",
    ["AutoDialer", "MediaBridge", "PhoneNetwork", "Verify", "Gateway", "CommandLine"] + serviceBase + ["Crypto"]),
  tests("CampaignExecutorTests", ["CampaignExecutor"] + serviceBase + ["Crypto"]),
  tests("OutcomeTrackerTests", ["OutcomeTracker"] + serviceBase),
  tests("QualificationScorerTests", ["QualificationScorer", "PhoneNetwork"] + serviceBase),
  tests("KBGeneratorTests", ["KBGenerator"] + serviceBase),
  tests("FollowUpTests", ["FollowUp"] + serviceBase),
  tests("GatewayTests", ["Gateway"] + serviceBase + ["Crypto"]),
  tests("CoreTests", ["Core"]),
  tests("JSONTests", ["JSON", "Core"]),
  tests("LoggingTests", ["Logging", "Core"]),
  tests("MetricsTests", ["Metrics"]),
  tests("TracingTests", ["Tracing", "Core"]),
  tests("ConfigurationTests", ["Configuration", "Core"]),
  tests("LifecycleTests", ["Lifecycle", "Core", "Logging"]),
  tests(
    "ServiceRuntimeTests",
    [
      "ServiceRuntime", "Core", "JSON", "Configuration", "Logging", "Metrics", "Tracing", "Lifecycle", "HTTP", "RPC",
      "Postgres", "RingmasterMessages",
    ]),
  .target(name: "ThreadSanitizerSupport", path: "Tests/ThreadSanitizer"),
  tests("CryptoTests", ["Crypto"]),
  tests("HTTPTests", ["HTTP", "Nng", "Core", "JSON", "Logging", "Metrics", "Crypto"]),
  .executableTarget(
    name: "http-conformance", dependencies: ["HTTP", "Logging", "Metrics"], path: "Tests/Conformance/HTTP/Program",
    swiftSettings: swift),
  .executableTarget(
    name: "postgres-benchmark", dependencies: ["Core", "Postgres"], path: "Tests/Load/Postgres/Benchmark",
    swiftSettings: swift),
  tests("NngTests", ["Nng", "Core"]),
  .executableTarget(
    name: "queue-benchmark", dependencies: ["AutoDialer", "LoadSupport", "TestSupport"] + serviceBase,
    path: "Tests/Load/Queue/Benchmark", swiftSettings: swift),
  .executableTarget(
    name: "dialer-load", dependencies: ["LoadSupport"] + serviceBase, path: "Tests/Load/Dialer/Generator",
    swiftSettings: swift),
  .executableTarget(
    name: "forecast-benchmark", dependencies: ["AutoDialer", "LoadSupport", "TestSupport"] + serviceBase,
    path: "Tests/Load/Forecast/Benchmark", swiftSettings: swift),
  .executableTarget(
    name: "rpc-benchmark", dependencies: ["Core", "Nng", "RPC", "Wire", "RingmasterMessages", "RingmasterServices"],
    path: "Tests/Load/RPC/Benchmark", swiftSettings: swift),
  .executableTarget(
    name: "rpc-test-server", dependencies: ["Core", "RPC", "ThreadSanitizerSupport"], path: "Tests/RPCTestServer",
    swiftSettings: swift),
  tests(
    "RPCTests",
    [
      "RPC", "Nng", "Core", "Wire", "Logging", "Metrics", "Tracing", "Lifecycle", "RingmasterMessages",
      "RingmasterServices",
    ]),
  .executableTarget(
    name: "http-benchmark", dependencies: ["HTTP", "Logging", "Metrics"], path: "Tests/Load/HTTP/Benchmark",
    swiftSettings: swift),
  .target(
    name: "CConformanceProtos", dependencies: ["CProtobuf", "CRingmasterProtos"],
    path: "Tests/Conformance/Protobuf/Generated/C"),
  .target(
    name: "ConformanceMessages", dependencies: ["Wire", "JSON", "CConformanceProtos"],
    path: "Tests/Conformance/Protobuf/Generated/Messages", swiftSettings: swift),
  .executableTarget(
    name: "protobuf-conformance", dependencies: ["ConformanceMessages", "RingmasterMessages", "Wire", "JSON"],
    path: "Tests/Conformance/Protobuf/Swift", swiftSettings: swift),
  .executableTarget(
    name: "protobuf-benchmark", dependencies: ["RingmasterMessages", "Wire"], path: "Tests/Load/Protobuf/Benchmark",
    swiftSettings: swift),
  tests("WireTests", ["Wire", "JSON", "Core", "ConformanceMessages", "RingmasterMessages"]),
  tests("ProtocPluginTests", ["ProtocPlugin"]),
  tests("ServiceStubTests", ["RingmasterServices", "RingmasterMessages", "RPC", "Wire", "JSON"]),
  tests("TelephonyTests", ["Telephony", "Core", "JSON"]),
  .executableTarget(
    name: "telephony-conformance", dependencies: ["Telephony", "Core"], path: "Tests/Conformance/Telephony/Swift",
    swiftSettings: swift),
  .executableTarget(
    name: "telephony-benchmark", dependencies: ["Telephony", "Core"], path: "Tests/Load/Telephony/Benchmark",
    swiftSettings: swift),
  tests("PostgresTests", ["Core", "JSON", "Logging", "Metrics", "Postgres"]),
  tests(
    "EventLogTests",
    ["Core", "Logging", "Metrics", "Postgres", "EventLog", "RPC", "RingmasterMessages", "RingmasterServices"]),
]

/// The simulation drives the services from inside. A release build allows that with `-enable-testing` alone, so there the
/// program is built on demand only (Tests/Simulation/run.sh); its tests are built with all others.
let simulationParts: [Target.Dependency] =
  ["CampaignExecutor", "AutoDialer", "MediaBridge", "OutcomeTracker"] + serviceBase
let simulation: Target =
  if Context.environment["RINGMASTER_SIMULATION"] == nil {
    .testTarget(
      name: "SimulationTests", dependencies: simulationParts + ["TestSupport", "ThreadSanitizerSupport"],
      path: "Tests/Simulation", exclude: ["Program", "README.md", "run.sh"], swiftSettings: swift)
  } else {
    .executableTarget(
      name: "simulation", dependencies: simulationParts + ["TestSupport"], path: "Tests/Simulation",
      exclude: ["Tests", "README.md", "run.sh"], swiftSettings: swift)
  }

let allTargets = cLibraries + sharedModules + protocols + services + verifier + testTargets + [simulation]

/// Without services and without tests of services: what `deploy/test.sh threads` builds with the sanitizer in. Of the
/// programs it keeps those that tests start.
func sharedOnly(_ targets: [Target], without services: [Target]) -> [Target] {
  let names = Set(services.map(\.name))
  return targets.filter { target in
    (target.type != .executable || target.name == "rpc-test-server") && !names.contains(target.name)
      && !target.dependencies.contains { dependency in
        switch dependency {
        case .targetItem(let name, _), .byNameItem(let name, _): names.contains(name)
        default: false
        }
      }
  }
}

let package = Package(
  name: "ringmaster",
  targets: Context.environment["RINGMASTER_SHARED_ONLY"] == nil
    ? allTargets : sharedOnly(allTargets, without: services + verifier)
)
