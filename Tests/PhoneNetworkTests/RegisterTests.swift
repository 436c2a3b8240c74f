import HTTP
import JSON
import Testing

@testable import PhoneNetwork

@Suite(.timeLimit(.minutes(1))) struct RegisterTests {
  private func ask(_ network: TestNetwork, _ body: JSONValue, key: String = TestNetwork.key.value) async throws
    -> HTTPClientResponse
  {
    var request = HTTPClientRequest.json(url: "\(network.url)/register/wash", body)
    request.headers["Authorization"] = "Bearer \(key)"
    return try await network.client.send(request)
  }

  @Test func aFifthOfTheNumbersIsListedAndAlwaysTheSame() async throws {
    try await TestNetwork.with([.conversation: 1]) { network in
      let numbers: JSONValue = .array((0..<1_000).map { .string("+6141210\(1_000 + $0)") })
      let answer = try await ask(network, ["numbers": numbers]).json()
      let results = try #require(answer["results"]?.arrayValue)
      #expect(results.compactMap { $0["number"] } == numbers.arrayValue)
      let listed = results.count { $0["status"] == "listed" }
      #expect((150...250).contains(listed))
      #expect(results.count { $0["status"] == "clear" } == 1_000 - listed)
      #expect(try await ask(network, ["numbers": numbers]).json() == answer)
    }
  }

  @Test func whatItDoesNotKnowItDoesNotClear() async throws {
    try await TestNetwork.with([.conversation: 1]) { network in
      let answer = try await ask(network, ["numbers": ["+12125550123", 5, ""]]).json()
      #expect(answer["results"]?.arrayValue?.compactMap { $0["status"] } == ["invalid", "invalid", "invalid"])
      #expect(try await ask(network, [:]).status == .badRequest)
      #expect(try await ask(network, ["numbers": []], key: "another").status == .unauthorized)
    }
  }
}
