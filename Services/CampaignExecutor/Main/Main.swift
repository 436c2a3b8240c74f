import CampaignExecutor
import ServiceRuntime

@main
enum Main {
  static func main() throws {
    try ServiceRuntime.run(
      name: "campaign-executor", summary: "Owns campaigns and leads, and follows how far they have come.",
      schema: CampaignExecutorApplication.schema(),
      configure: CampaignExecutorConfiguration.init, build: CampaignExecutorApplication.build)
  }
}
