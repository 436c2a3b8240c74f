import HTTP
import RPC

/// The `ringmaster` command: finds what is meant and runs it.
public struct CommandLineTool: Sendable {
  private let environment: [String: String]
  private let words: [String]
  private let executable: String

  private static let options: Set = [
    "gateway", "key", "file", "reason", "limit", "cursor", "state", "outcome", "phone", "first-name", "last-name",
    "company", "email", "campaign", "region", "at", "tier", "time-zone", "count", "country", "kind", "bundle",
    "max-calls-per-day", "max-concurrent-calls", "max-calls-per-minute", "inbound-percent", "url", "kinds", "from",
    "to",
    "after", "name", "outcomes", "not-after", "lead",
  ]
  private static let flags: Set = ["json", "help", "removed", "washed", "warm", "open-leads"]

  /// - Parameters:
  ///   - arguments: As the process got them, its own name first.
  public init(arguments: [String], environment: [String: String]) {
    executable = arguments.first ?? "ringmaster"
    words = Array(arguments.dropFirst())
    self.environment = environment
  }

  /// Runs the command. What went wrong was said on standard error.
  ///
  /// - Returns: The process's exit code.
  public func run() async -> Int32 {
    let terminal = Terminal(asJSON: words.contains("--json"))
    do {
      try await dispatch(terminal)
      return 0
    } catch let error as Arguments.UsageError {
      terminal.error("\(error.description)\nTry: ringmaster --help")
      return CommandFailure.usage
    } catch let failure as CommandFailure {
      terminal.error(failure.description)
      return failure.exitCode
    } catch {
      terminal.error("\(error)")
      return CommandFailure.refused
    }
  }

  private func dispatch(_ terminal: Terminal) async throws {
    guard let command = words.first(where: { !$0.hasPrefix("-") }) else { return terminal.line(Help.overview) }
    let rest = words.enumerated().filter { $0.offset != words.firstIndex(of: command) }.map(\.element)
    let arguments = try Arguments(
      rest, options: Self.options.union(ForecastCommand.options), flags: Self.flags)
    if arguments.has("help") || command == "help" { return terminal.line(Help.overview) }
    switch command {
    case "rpc": return try await RPCCommand(terminal: terminal, arguments: arguments).run()
    case "migrate": return try MigrateCommand(terminal: terminal, executable: executable).run(arguments.positions)
    default: break
    }
    let http = HTTPClient()
    defer { http.close() }
    let gateway = GatewayClient(
      http: http,
      baseURL: trimmed(arguments.value("gateway") ?? environment["RINGMASTER_GATEWAY_URL"] ?? "http://127.0.0.1:8080"),
      key: arguments.value("key") ?? environment["RINGMASTER_API_KEY"] ?? "")
    switch command {
    case "campaigns":
      try await CampaignCommands(gateway: gateway, terminal: terminal, arguments: arguments).run()
    case "webhooks": try await WebhookCommands(gateway: gateway, terminal: terminal, arguments: arguments).run()
    case "notifications":
      try await WebhookCommands(gateway: gateway, terminal: terminal, arguments: arguments).notifications()
    case "leads": try await LeadCommands(gateway: gateway, terminal: terminal, arguments: arguments).run()
    case "do-not-call": try await DoNotCallCommands(gateway: gateway, terminal: terminal, arguments: arguments).run()
    case "calls": try await CallCommands(gateway: gateway, terminal: terminal, arguments: arguments).run()
    case "transcript":
      try await CallCommands(gateway: gateway, terminal: terminal, arguments: arguments).transcript()
    case "limits": try await LimitCommands(gateway: gateway, terminal: terminal, arguments: arguments).run()
    case "numbers": try await NumberCommands(gateway: gateway, terminal: terminal, arguments: arguments).run()
    case "explain": try await InsightCommands(gateway: gateway, terminal: terminal, arguments: arguments).explain()
    case "why": try await InsightCommands(gateway: gateway, terminal: terminal, arguments: arguments).why()
    case "proof": try await InsightCommands(gateway: gateway, terminal: terminal, arguments: arguments).proof()
    case "call": try await SchedulingCommands(gateway: gateway, terminal: terminal, arguments: arguments).run()
    case "watch": try await WatchCommand(gateway: gateway, terminal: terminal, arguments: arguments).run()
    default: throw Arguments.UsageError(description: "\"\(command)\" is not known")
    }
  }

  private func trimmed(_ url: String) -> String { url.hasSuffix("/") ? String(url.dropLast()) : url }
}
