import Configuration
import Core
import Glibc
import Lifecycle

/// The one way to be a service.
///
/// Gives every service its settings, logs, metrics, traces, clock, migrated database, RPC server and operations listener
/// (/health, /ready, /metrics), starts everything in order and stops it in reverse on SIGTERM or SIGINT.
///
///     @main enum Main {
///       static func main() throws {
///         try ServiceRuntime.run(
///           name: "auto-dialer", summary: "Places calls that are due.", schema: AutoDialerApplication.schema,
///           configure: AutoDialerConfiguration.init, build: AutoDialerApplication.build)
///       }
///     }
public enum ServiceRuntime {
  /// Runs a service until it is told to stop, and ends the process.
  ///
  /// Exit statuses: 0 after a stop that was asked for; 78 for wrong settings; 69 when the database or a port is not
  /// there; 65 when the migrations do not fit the database; 70 when something failed or did not stop in time.
  ///
  /// - Parameters:
  ///   - name: The program's name: `auto-dialer`.
  ///   - summary: One sentence for `--help`.
  ///   - schema: The schema that the service owns, if any.
  ///   - servesRPC: Whether it has methods; without, there is no `RINGMASTER_RPC_LISTEN`.
  ///   - configure: Declares and reads the service's own settings.
  ///   - build: Puts the service together, once the schema is up to date: gives methods to `context.serve` and returns
  ///     what runs, in start order. They are started before and stopped after the RPC server.
  public static func run<Settings: Sendable>(
    name: String, summary: String, schema: @autoclosure () throws -> DatabaseSchema? = nil,
    servesRPC: Bool = true, configure: (inout ConfigurationReader) -> Settings,
    build: @escaping @Sendable (Settings, RuntimeContext) async throws -> [any LifecycleService]
  ) rethrows -> Never {
    EarlySignals.keep([SIGTERM, SIGINT])
    signal(SIGPIPE, SIG_IGN)
    let schema = try schema()
    var reader = ConfigurationReader(
      service: name, summary: summary, environment: ProcessEnvironment.variables(),
      arguments: Array(CommandLine.arguments.dropFirst()))
    let common = CommonSettings(&reader, service: name, hasDatabase: schema != nil, servesRPC: servesRPC)
    reader.group(name)
    let settings = configure(&reader)
    do throws(ConfigurationExit) {
      try reader.finish()
    } catch {
      ProcessEnvironment.print(error.output, to: error.exitCode == 0 ? STDOUT_FILENO : STDERR_FILENO)
      _exit(error.exitCode)
    }
    let process = ServiceProcess(
      name: name, schema: schema, servesRPC: servesRPC, common: common, warnings: reader.warnings
    ) { context in
      try await build(settings, context)
    }
    RootTask.run { await process.run() }
  }
}

/// The process's environment and standard streams, for Main alone.
enum ProcessEnvironment {
  static func variables() -> [String: String] {
    var variables: [String: String] = [:]
    var entry = environ
    while let text = entry.pointee {
      let pair = String(cString: text)
      if let equals = pair.firstIndex(of: "=") {
        variables[String(pair[..<equals])] = String(pair[pair.index(after: equals)...])
      }
      entry += 1
    }
    return variables
  }

  static func print(_ text: String, to descriptor: Int32) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let written = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      if written > 0 { bytes = bytes.dropFirst(written) } else if errno != EINTR { return }
    }
  }
}
