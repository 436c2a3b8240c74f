import MediaBridge
import ServiceRuntime

@main
enum Main {
  static func main() throws {
    try ServiceRuntime.run(
      name: "media-bridge", summary: "Places calls at the telephony provider and gives each its voice agent.",
      schema: MediaBridgeApplication.schema(), configure: MediaBridgeConfiguration.init,
      build: MediaBridgeApplication.build)
  }
}
