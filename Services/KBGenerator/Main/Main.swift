import KBGenerator
import ServiceRuntime

@main
enum Main {
  static func main() throws {
    try ServiceRuntime.run(
      name: "kb-generator", summary: "Writes what an agent should know before it speaks.",
      schema: KBGeneratorApplication.schema(),
      configure: KBGeneratorConfiguration.init, build: KBGeneratorApplication.build)
  }
}
