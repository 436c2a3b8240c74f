import FollowUp
import ServiceRuntime

@main
enum Main {
  static func main() async throws {
    await ServiceRuntime.run(
      name: "follow-up", summary: "Plans what follows each call.", schema: try FollowUpApplication.schema(),
      configure: FollowUpConfiguration.init, build: FollowUpApplication.build)
  }
}
