import AutoDialer
import ServiceRuntime

@main
enum Main {
  static func main() async throws {
    await ServiceRuntime.run(
      name: "auto-dialer", summary: "Decides who is called when, and has each call placed once.",
      schema: try AutoDialerApplication.schema(),
      configure: AutoDialerConfiguration.init, build: AutoDialerApplication.build)
  }
}
