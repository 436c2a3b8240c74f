import KBGenerator
import ServiceRuntime

@main
enum Main {
  static func main() async throws {
    await ServiceRuntime.run(
      name: "kb-generator", summary: "Writes what an agent should know before it speaks.",
      schema: try KBGeneratorApplication.schema(),
      configure: KBGeneratorConfiguration.init, build: KBGeneratorApplication.build)
  }
}
