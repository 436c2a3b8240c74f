import OutcomeTracker
import ServiceRuntime

@main
enum Main {
  static func main() throws {
    try ServiceRuntime.run(
      name: "outcome-tracker", summary: "Finds out what every call came to, and what it cost.",
      schema: OutcomeTrackerApplication.schema(),
      configure: OutcomeTrackerConfiguration.init, build: OutcomeTrackerApplication.build)
  }
}
