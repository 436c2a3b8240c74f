import QualificationScorer
import ServiceRuntime

@main
enum Main {
  static func main() throws {
    try ServiceRuntime.run(
      name: "qualification-scorer", summary: "Reads conversations and scores leads against a campaign's criteria.",
      schema: QualificationScorerApplication.schema(),
      configure: QualificationScorerConfiguration.init, build: QualificationScorerApplication.build)
  }
}
