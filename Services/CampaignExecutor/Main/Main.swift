import CampaignExecutor
import ServiceRuntime

@main
enum Main {
  static func main() async throws {
    await ServiceRuntime.run(
      name: "campaign-executor", summary: "Owns campaigns and leads, and follows how far they have come.",
      schema: try CampaignExecutorApplication.schema(),
      configure: CampaignExecutorConfiguration.init, build: CampaignExecutorApplication.build)
  }
}
