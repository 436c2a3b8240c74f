import Core
import Synchronization
import Testing

@testable import HTTP

@Suite struct RetryPolicyTests {
  @Test func waitsGrowAndStayWithinBounds() {
    var generator = SeededGenerator(seed: 1)
    let policy = RetryPolicy(attempts: 6, firstDelay: .milliseconds(100), longestDelay: .seconds(1))
    let delays = (1...6).map { policy.delay(after: $0, retryAfter: nil, using: &generator) }
    #expect(delays[5] == nil)
    for (index, delay) in delays.dropLast().enumerated() {
      let ideal = min(0.1 * Double(1 << index), 1)
      #expect(((delay?.inSeconds ?? 0) - ideal).magnitude <= ideal * 0.21)
    }
  }

  @Test func theServersWishIsTheLeastWait() {
    var generator = SeededGenerator(seed: 1)
    let policy = RetryPolicy(firstDelay: .milliseconds(1), longestDelay: .seconds(5))
    #expect(policy.delay(after: 1, retryAfter: .seconds(4), using: &generator) == .seconds(4))
    #expect(policy.delay(after: 1, retryAfter: .seconds(6), using: &generator) == nil)
  }

  @Test func retryAfterIsSecondsOrADate() {
    #expect(RetryPolicy.retryAfter(["Retry-After": "7"], now: 0) == .seconds(7))
    #expect(RetryPolicy.retryAfter(["Retry-After": "-7"], now: 0) == .zero)
    #expect(
      RetryPolicy.retryAfter(["Retry-After": "Sun, 06 Nov 1994 08:49:37 GMT"], now: 784_111_770) == .seconds(7))
    #expect(RetryPolicy.retryAfter(["Retry-After": "soon"], now: 0) == nil)
    #expect(RetryPolicy.retryAfter([:], now: 0) == nil)
  }

  @Test(arguments: [
    (HTTPMethod.get, 2, false, 3), (.get, 5, false, 4), (.post, 2, false, 1), (.post, 2, true, 3),
  ])
  func requestsAreRepeatedAsFarAsThePolicyGoes(
    method: HTTPMethod, failures: Int, includesUnsafe: Bool, expected: Int
  ) async throws {
    let attempts = Attempts()
    var router = Router()
    router.on(method, "/") { _ in
      guard attempts.next() > failures else {
        throw HTTPError(.serviceUnavailable, "Later.", headers: ["Retry-After": "0"])
      }
      return .text("ok")
    }
    let policy = RetryPolicy(attempts: 4, firstDelay: .milliseconds(1), includesUnsafeMethods: includesUnsafe)
    try await withServer(router) { server in
      let response = try await HTTPClient().send(
        HTTPClientRequest(method: method, url: "http://127.0.0.1:\(server.port)/", retries: policy))
      #expect(response.status == (expected > failures ? .ok : .serviceUnavailable))
    }
    #expect(attempts.count == expected)
  }

  @Test func whatWasNeverSentIsRepeatedWhateverItsMethod() async throws {
    let port = try await withServer(Router()) { $0.port }
    let policy = RetryPolicy(attempts: 3, firstDelay: .milliseconds(1))
    await #expect {
      _ = try await HTTPClient().send(
        HTTPClientRequest(method: .post, url: "http://127.0.0.1:\(port)/", retries: policy))
    } throws: {
      ($0 as? HTTPClientError)?.code == .connect
    }
  }
}

private final class Attempts: Sendable {
  private let made = Mutex(0)
  var count: Int { made.withLock { $0 } }

  func next() -> Int {
    made.withLock { made in
      made += 1
      return made
    }
  }
}
