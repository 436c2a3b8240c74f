import Core
import Testing

@testable import CampaignExecutor

@Suite struct WebhookRulesTests {
  @Test(arguments: [
    "https://example.com", "https://example.com:8443/hooks?tenant=1", "https://8.8.8.8/hook", "http://127.0.0.1:9/x",
    "http://localhost:8080", "http://[::1]:1/", "https://127.0.0.1/", "https://172.32.0.1/", "https://a.b-c.io/%C3%A9",
  ])
  func addressesOfTheInternetAndOfThisMachine(_ url: String) {
    #expect(throws: Never.self) { try WebhookAddress.check(url) }
  }

  @Test(arguments: [
    "", "example.com", "ftp://example.com", "http://example.com", "https://", "https:///x", "https://u:p@example.com",
    "http://127.0.0.1@example.com/", "https://10.1.2.3/", "https://192.168.0.1", "https://172.16.0.1",
    "https://169.254.169.254/latest/meta-data", "https://0x7f.1/", "https://2130706433/", "https://127.1/",
    "https://010.8.8.8/", "https://1.2.3.4.", "https://[fe80::1]/", "https://[::ffff:10.0.0.1]/", "https://a.local/",
    "https://x.internal", "https://example.com:0/", "https://example.com:99999/", "https://exa mple.com",
    "https://example.com/#x", "https://example.com\\@10.0.0.1/", "https://0.0.0.0/", "https://100.64.0.1/",
    "http://127.0.0.1.example.com/", "https://224.0.0.1/",
  ])
  func otherAddressesAreRefusedWithAReason(_ url: String) {
    #expect {
      try WebhookAddress.check(url)
    } throws: { ($0 as? WebhookAddress.Problem).map { !$0.message.isEmpty } ?? false }
  }

  /// The example of the Standard Webhooks libraries, and one computed by Python's hmac.
  @Test func signaturesAreWhatOthersCompute() throws {
    let secret = try #require(Base64.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
    #expect(
      WebhookSignature.header(
        secret: secret, messageID: "msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp: 1_614_265_330,
        body: Array(#"{"test": 2432232314}"#.utf8)) == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
    #expect(
      WebhookSignature.header(
        secret: Array(0..<32), messageID: "0190b2c4-7d1e-7a00-8000-000000000001", timestamp: 1_790_000_000,
        body: Array(#"{"type":"lead.completed","sequence":7,"name":"Zoë"}"#.utf8))
        == "v1,m2Tm6Cv3Z1cxVRY9piFSbqR6UbQk+3IRiWPGLh6RXgc=")
    #expect(WebhookSignature.text(ofSecret: Array(0..<32)) == "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
  }

  @Test(arguments: UInt64(1)...50) func aReceiverIsTriedForThreeDays(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let start = ExecutorFixture.start
    var now = start
    var attempts = 1
    while case .again(let next) = WebhookSchedule.verdict(
      attempts: attempts, failingSince: start, now: now, using: &generator)
    {
      #expect(next > now && now.duration(to: next) <= .hours(3))
      now = next
      attempts += 1
    }
    #expect(start.duration(to: now) >= .days(3))
    #expect((30...70).contains(attempts))
  }
}
