import JSON
import Testing

@testable import HTTP

@Suite struct HTTPHeadersTests {
  @Test func namesIgnoreCaseAndValuesKeepOrder() {
    var headers: HTTPHeaders = ["Accept": "a", "X": "1", "accept": "b"]
    #expect(headers["ACCEPT"] == "a")
    #expect(headers.values("accept") == ["a", "b"])
    headers["accept"] = "c"
    #expect(headers.values("accept") == ["c"])
    #expect(headers.map(\.name) == ["X", "accept"])
    headers["x"] = nil
    #expect(headers.count == 1)
  }

  @Test func noValueCanStartAnotherField() {
    let headers: HTTPHeaders = ["Location": "/\r\nSet-Cookie: a=b\u{0}"]
    #expect(headers["Location"] == "/  Set-Cookie: a=b ")
  }

  @Test func equalityIgnoresTheCaseOfNamesOnly() {
    #expect(["A": "b"] as HTTPHeaders == ["a": "b"])
    #expect(["A": "b"] as HTTPHeaders != ["A": "B"])
  }

  @Test func listsAreSearchedByToken() {
    let headers: HTTPHeaders = ["Connection": "keep-alive, Upgrade"]
    #expect(headers.lists("upgrade", in: "connection"))
    #expect(!headers.lists("up", in: "connection"))
  }
}

@Suite struct FormEncodingTests {
  @Test func decodesWhatBrowsersSend() {
    let pairs = FormEncoding.decode(Array("a=1+2&b=%C3%BC%2B&c&d==&&%zz=%4".utf8))
    #expect(pairs.map(\.0) == ["a", "b", "c", "d", "%zz"])
    #expect(pairs.map(\.1) == ["1 2", "ü+", "", "=", "%4"])
  }

  @Test func encodingAndDecodingAreInverse() {
    let pairs = [("a b", "1&2=3"), ("ü", "+%"), ("", "x")]
    let decoded = FormEncoding.decode(Array(FormEncoding.encode(pairs).utf8))
    #expect(decoded.map(\.0) == pairs.map(\.0))
    #expect(decoded.map(\.1) == pairs.map(\.1))
  }
}

@Suite struct MessageTests {
  @Test func mediaTypeLosesParametersAndCase() throws {
    var request = HTTPRequest(url: "/", headers: ["Content-Type": "Application/JSON; charset=utf-8"])
    #expect(request.mediaType == "application/json")
    try request.requireMediaType("application/json")
    request.headers["content-type"] = "text/csv"
    #expect { try request.requireMediaType("application/json") } throws: {
      ($0 as? HTTPError)?.status == .unsupportedMediaType
    }
  }

  @Test func jsonBodiesNameThePlaceOfAFault() async throws {
    let good = HTTPBody(Array(#"{"a": 1}"#.utf8))
    #expect(try await good.json()["a"] == 1)
    let bad = HTTPBody(Array("{\"a\": \n!}".utf8))
    await #expect { _ = try await bad.json() } throws: {
      ($0 as? HTTPError)?.status == .badRequest && ($0 as? HTTPError)?.detail.contains("line 2") == true
    }
  }

  @Test func bodiesOverTheirLimitAre413() async {
    let body = HTTPBody([1, 2, 3], limit: 2)
    await #expect { _ = try await body.collect() } throws: { ($0 as? HTTPError)?.status == .contentTooLarge }
  }

  @Test func problemsCarryTheirMembers() throws {
    let response = HTTPError(.conflict, "Already there.", fields: ["id": "7"]).response
    guard case .bytes(let bytes) = response.body else { return }
    let problem = try JSONValue.parse(bytes)
    #expect(response.headers["content-type"] == "application/problem+json")
    #expect(problem["status"] == 409)
    #expect(problem["title"] == "Conflict")
    #expect(problem["detail"] == "Already there.")
    #expect(problem["id"] == "7")
  }

  @Test func eventsKeepLineBreaksInDataOnly() {
    let event = ServerSentEvent(data: "a\nb\r\nc", event: "x\ny", id: "1", retry: .milliseconds(1500))
    #expect(
      String(decoding: event.wire, as: UTF8.self)
        == "event: x y\nid: 1\nretry: 1500\ndata: a\ndata: b\ndata: c\n\n")
  }

  @Test func datesRoundTrip() {
    #expect(HTTPDate.format(784_111_777) == "Sun, 06 Nov 1994 08:49:37 GMT")
    #expect(HTTPDate.parse("Sun, 06 Nov 1994 08:49:37 GMT") == 784_111_777)
    #expect(HTTPDate.parse("yesterday") == nil)
  }
}
