import Configuration
import Core
import Testing

@testable import MediaBridge

@Suite struct MediaBridgeConfigurationTests {
  let required = [
    "RINGMASTER_MEDIA_BRIDGE_PUBLIC_URL": "https://calls.example.com/", "RINGMASTER_TWILIO_ACCOUNT_SID": "AC1",
    "RINGMASTER_TWILIO_AUTH_TOKEN": "token", "RINGMASTER_OPENAI_API_KEY": "key",
  ]

  func read(_ environment: [String: String]) throws -> MediaBridgeConfiguration {
    var reader = ConfigurationReader(service: "media-bridge", summary: "", environment: environment, arguments: [])
    let configuration = MediaBridgeConfiguration(&reader)
    try reader.finish()
    return configuration
  }

  @Test func theDefaultsAreTheProvidersOwn() throws {
    let configuration = try read(required)
    #expect(configuration.addresses.publicURL == "https://calls.example.com")
    #expect(configuration.addresses.streamURL == "https://calls.example.com")
    #expect(configuration.twilio.baseURL == "https://api.twilio.com")
    #expect(configuration.openAI.url == "wss://api.openai.com/v1/realtime")
    #expect(configuration.settle == .seconds(20))
    #expect("\(configuration.twilio)".contains("<redacted>"))
  }

  @Test func allThatIsMissingIsNamed() {
    #expect { _ = try read([:]) } throws: { error in
      let output = (error as? ConfigurationExit)?.output ?? ""
      return required.keys.allSatisfy(output.contains)
    }
  }

  @Test func halfASharedKeyIsAFault() {
    var environment = required
    environment["RINGMASTER_TWILIO_SHARED_KEY_ID"] = "k1"
    #expect { _ = try read(environment) } throws: { error in
      (error as? ConfigurationExit)?.output.contains("RINGMASTER_TWILIO_SHARED_KEY_SECRET") ?? false
    }
  }

  @Test func streamsAreNamedByTheirCallsAddress() {
    let call = CallID(UniqueID(high: 1, low: 2))
    #expect(BridgeAddresses.stream(of: call, base: "https://h") == "wss://h/twilio/stream/\(call)")
    #expect(BridgeAddresses.stream(of: call, base: "http://h:1") == "ws://h:1/twilio/stream/\(call)")
    let addresses = BridgeAddresses(publicURL: "https://h/base#rc=2", streamURL: nil)
    #expect(addresses.callbacks(of: call).status == "https://h/base/twilio/status/\(call)")
  }
}
