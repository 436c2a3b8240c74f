import FollowUp
import ServiceRuntime

@main
enum Main {
  static func main() throws {
    try ServiceRuntime.run(
      name: "follow-up", summary: "Plans what follows each call.", schema: FollowUpApplication.schema(),
      configure: FollowUpConfiguration.init, build: FollowUpApplication.build)
  }
}
