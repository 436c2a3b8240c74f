import AutoDialer
import ServiceRuntime

@main
enum Main {
  static func main() throws {
    try ServiceRuntime.run(
      name: "auto-dialer", summary: "Decides who is called when, and has each call placed once.",
      schema: AutoDialerApplication.schema(),
      configure: AutoDialerConfiguration.init, build: AutoDialerApplication.build)
  }
}
