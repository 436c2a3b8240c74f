import Gateway
import ServiceRuntime

@main
enum Main {
  static func main() throws {
    try ServiceRuntime.run(
      name: "gateway", summary: "The REST API: campaigns, leads and calls for people and other systems.",
      schema: GatewayApplication.schema(),
      configure: GatewayConfiguration.init, build: GatewayApplication.build)
  }
}
