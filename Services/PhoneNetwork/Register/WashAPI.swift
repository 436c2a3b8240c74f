import Configuration
import Core
import Crypto
import HTTP
import JSON

/// A public do-not-call register that can be asked: `POST /register/wash` with `{"numbers": ["+61…"]}` answers for each
/// whether it is listed. The real ones take files; this is the interface that a washing service in front of one has.
struct WashAPI: Sendable {
  private static let mostNumbers = 5_000
  private static let bodyLimit = 256 * 1024
  /// Share of all numbers that are on the register.
  private static let listedShare = 0.2

  let seed: UInt64
  let key: Secret

  func register(on router: inout Router) {
    router.on(.post, "/register/wash", bodyBytes: Self.bodyLimit) { request in
      guard constantTimeEqual(Array((request.headers["authorization"] ?? "").utf8), Array("Bearer \(key.value)".utf8))
      else { throw HTTPError(.unauthorized, "The key is not known.", headers: ["WWW-Authenticate": "Bearer"]) }
      return .json(try answer(await request.body.json()))
    }
  }

  func isListed(_ number: String) -> Bool {
    Choice(seed: seed, number: number).isTrue("registered", share: Self.listedShare)
  }

  private func answer(_ question: JSONValue) throws -> JSONValue {
    guard let numbers = question["numbers"]?.arrayValue, numbers.count <= Self.mostNumbers else {
      throw HTTPError.badRequest("numbers must be a list of at most \(Self.mostNumbers).")
    }
    return [
      "results": .array(
        numbers.map { value in
          let number = value.stringValue ?? ""
          let isWhole = number.hasPrefix("+61") && number.utf8.count == 12
          return [
            "number": value, "status": .string(isWhole ? (isListed(number) ? "listed" : "clear") : "invalid"),
          ]
        })
    ]
  }
}
