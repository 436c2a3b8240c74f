import CommandLine
import Glibc

@main
struct Main {
  static func main() async {
    signal(SIGPIPE, SIG_IGN)
    var environment: [String: String] = [:]
    for name in ["RINGMASTER_GATEWAY_URL", "RINGMASTER_API_KEY"] {
      if let value = getenv(name) { environment[name] = String(cString: value) }
    }
    let tool = CommandLineTool(arguments: Swift.CommandLine.arguments, environment: environment)
    exit(await tool.run())
  }
}
