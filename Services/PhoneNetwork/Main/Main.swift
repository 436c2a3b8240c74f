import PhoneNetwork
import ServiceRuntime

@main enum Main {
  static func main() throws {
    try ServiceRuntime.run(
      name: "phone-network",
      summary: "Stands in for the telephone network and the voice engine, with people behind the numbers.",
      servesRPC: false, configure: PhoneNetworkConfiguration.init,
      build: { configuration, context in
        let application = PhoneNetworkApplication(
          configuration, clock: context.clock, logger: context.logger, metrics: context.metrics)
        try application.listen()
        return application.services
      })
  }
}
