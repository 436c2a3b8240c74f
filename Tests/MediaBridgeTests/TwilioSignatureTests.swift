import Configuration
import Core
import HTTP
import Testing

@testable import MediaBridge

/// Vectors computed with the vendor's own SDK (protocol reference 1.7).
@Suite struct TwilioSignatureTests {
  let token = Secret("12345678901234567890123456789012")
  let form = [
    ("AccountSid", "AC00000000000000000000000000000001"), ("ApiVersion", "2010-04-01"), ("CallDuration", "42"),
    ("CallSid", "CA00000000000000000000000000000001"), ("CallStatus", "completed"), ("Direction", "outbound-api"),
    ("From", "+61491570156"), ("SequenceNumber", "3"), ("To", "+61491570157"),
  ]

  func isValid(
    _ signature: String, base: String, path: String, form: [(String, String)]? = nil, body: String = "",
    settings: String? = nil
  ) -> Bool {
    var headers: HTTPHeaders = ["X-Twilio-Signature": signature]
    if let settings { headers["X-Twilio-Webhooks-Signature-Settings"] = settings }
    let verifier = TwilioSignature(authToken: token, sharedKey: .init(id: "k1", secret: token))
    return verifier.isValid(
      HTTPRequest(method: .post, url: path, headers: headers), base: base, form: form, body: Array(body.utf8))
  }

  @Test func theTextIsTheAddressAndTheSortedParameters() {
    #expect(
      TwilioSignature.text(
        url: "https://calls.example.com/hooks/twilio/status?attempt=7", form: form.reversed())
        == "https://calls.example.com/hooks/twilio/status?attempt=7AccountSidAC00000000000000000000000000000001"
        + "ApiVersion2010-04-01CallDuration42CallSidCA00000000000000000000000000000001CallStatuscompleted"
        + "Directionoutbound-apiFrom+61491570156SequenceNumber3To+61491570157")
  }

  @Test func aFormIsVerified() {
    let path = "/hooks/twilio/status?attempt=7"
    let right = "tVWaAM3WyQuIh80fse/ZqTp1U1w="
    #expect(isValid(right, base: "https://calls.example.com", path: path, form: form))
    #expect(!isValid(right, base: "https://calls.example.com", path: path, form: form.dropLast()))
    #expect(!isValid(right, base: "https://calls.example.org", path: path, form: form))
    #expect(!isValid(right, base: "https://calls.example.com", path: "/hooks/twilio/status?attempt=8", form: form))
    #expect(!isValid("", base: "https://calls.example.com", path: path, form: form))
    #expect(!isValid("no base 64", base: "https://calls.example.com", path: path, form: form))
  }

  @Test func theNewerSchemeNamesItsKeyAndHash() {
    let path = "/hooks/twilio/status?attempt=7"
    let right = "mkgKaJOo+EirVELcJ1MMLA+32prca46yIFRUb6dXb3Y="
    let base = "https://calls.example.com"
    #expect(isValid(right, base: base, path: path, form: form, settings: "key=k1,algorithm=HMAC_SHA256"))
    #expect(isValid(right, base: base, path: path, form: form, settings: "key=k1, algorithm=HMAC_SHA256"))
    #expect(!isValid(right, base: base, path: path, form: form, settings: "key=k2,algorithm=HMAC_SHA256"))
    #expect(!isValid(right, base: base, path: path, form: form, settings: "key=k1,algorithm=HMAC_MD5"))
    #expect(!isValid(right, base: base, path: path, form: form))
  }

  @Test func repeatedParametersCountOnce() {
    let pairs = [("B", ""), ("A", "2"), ("A", "1"), ("A", "1")]
    #expect(TwilioSignature.text(url: "https://h/x", form: pairs) == "https://h/xA1A2B")
    #expect(isValid("OJl46C01HT4pI4P463yhI7Ntevk=", base: "https://h", path: "/x", form: pairs))
  }

  @Test func aJSONBodyIsVerifiedByItsHash() {
    let hash = "9239c422a41b555493841e492401a13c6081045f49bd7223f575c7e1f7d86f7f"
    let path = "/hooks/twilio/json?bodySHA256=\(hash)"
    let signature = "ibvDmKwNm+9o426D+OpsHgvXoIs="
    #expect(isValid(signature, base: "https://calls.example.com", path: path, body: #"{"event":"ping","n":1}"#))
    #expect(!isValid(signature, base: "https://calls.example.com", path: path, body: #"{"event":"ping","n":2}"#))
  }

  @Test(arguments: ["KBYh6FElm/Y8y4Y9eLRsIUkn1D0=", "t4xevoGjUJkdGt53eMhxwp3UQ1I="])
  func anUpgradeIsVerifiedUnderEitherScheme(signature: String) {
    #expect(isValid(signature, base: "wss://media.example.com", path: "/twilio/stream", form: []))
    #expect(!isValid(signature, base: "wss://media.example.com", path: "/twilio/streams", form: []))
  }

  @Test(arguments: [
    ("https://h/x", ["https://h/x", "https://h:443/x"]), ("https://h:443/x", ["https://h:443/x", "https://h/x"]),
    ("https://h:8443/x", ["https://h:8443/x"]), ("http://h/x?a=:", ["http://h/x?a=:", "http://h:80/x?a=:"]),
    ("http://[::1]/x", ["http://[::1]/x", "http://[::1]:80/x"]), ("http://[::1]:9/x", ["http://[::1]:9/x"]),
    ("wss://h:1/x", ["wss://h:1/x", "https://h:1/x"]), ("nonsense", ["nonsense"]),
  ])
  func aPortThatGoesWithoutSayingMayBeThereOrNot(url: String, candidates: [String]) {
    #expect(TwilioSignature.candidates(url) == candidates)
  }
}
