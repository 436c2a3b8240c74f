import Gateway
import ServiceRuntime

@main
enum Main {
  static func main() async throws {
    await ServiceRuntime.run(
      name: "gateway", summary: "The REST API: campaigns, leads and calls for people and other systems.",
      schema: try GatewayApplication.schema(),
      configure: GatewayConfiguration.init, build: GatewayApplication.build)
  }
}
