import Glibc
import Verify

@main
struct Main {
  static func main() {
    signal(SIGPIPE, SIG_IGN)
    exit(VerifyTool.run(Array(CommandLine.arguments.dropFirst())))
  }
}
