import Core
import HTTP
import JSON

/// Tells what truly happened, to whoever checks a dialer: `GET /truth/…`. Not part of any provider's protocol.
struct TruthAPI: Sendable {
  private static let pageLimit = 1_000
  /// Calls looked at in one step of a summary.
  private static let step = 1_000

  let switchboard: Switchboard

  func register(on router: inout Router) {
    router.on(.get, "/truth/calls") { try page($0) }
    router.on(.get, "/truth/calls/{sid}") { request in
      guard let call = switchboard.call(request.parameter("sid")) else {
        throw HTTPError(.notFound, "No call has this sid.")
      }
      return .json(call.record.truth)
    }
    router.on(.get, "/truth/numbers/{number}") { number($0) }
    router.on(.get, "/truth/summary") { _ in .json(summary()) }
  }

  /// `?cursor=…&limit=…`: calls in the order in which they were asked for. `next_cursor` is null at the end.
  private func page(_ request: HTTPRequest) throws -> HTTPResponse {
    let cursor = request.query["cursor"].flatMap { $0.isEmpty ? nil : $0 } ?? "0"
    let limit = request.query["limit"].flatMap { $0.isEmpty ? nil : $0 } ?? "100"
    guard let start = Int(cursor), start >= 0 else { throw HTTPError.badRequest("cursor is not one of ours.") }
    guard let limit = Int(limit), (1...Self.pageLimit).contains(limit) else {
      throw HTTPError.badRequest("limit is a number from 1 to \(Self.pageLimit).")
    }
    let calls = switchboard.calls(from: start, limit: limit)
    let next = start + calls.count
    return .json([
      "calls": .array(calls.map(\.record.truth)),
      "next_cursor": next < switchboard.count ? .string(String(next)) : nil,
    ])
  }

  private func number(_ request: HTTPRequest) -> HTTPResponse {
    let number = request.parameter("number")
    let (calls, mostAtOnce) = switchboard.calls(to: number)
    return .json([
      "number": .string(number), "create_requests": JSONValue(calls.count), "most_at_once": JSONValue(mostAtOnce),
      "calls": .array(calls.map(\.record.truth)),
    ])
  }

  private func summary() -> JSONValue {
    var outcomes: [TrueOutcome: Int] = [:]
    var live = 0
    var callbacks: [String: Int] = [:]
    var seconds = 0.0
    var start = 0
    while true {
      let calls = switchboard.calls(from: start, limit: Self.step)
      for record in calls.lazy.map(\.record) {
        if let outcome = TrueOutcome(record) { outcomes[outcome, default: 0] += 1 } else { live += 1 }
        if let url = record.request.statusCallback?.url { callbacks[url, default: 0] += 1 }
        seconds += AudioFrame.duration(of: record.conversation?.frames ?? 0).inSeconds
      }
      start += calls.count
      if calls.count < Self.step { break }
    }
    let numbers = switchboard.numbers
    let misbehavior = switchboard.network.mischief.counts
    return [
      "calls": JSONValue(start), "live_calls": JSONValue(live), "numbers": JSONValue(numbers.called),
      "numbers_with_overlapping_calls": JSONValue(numbers.overlapping),
      "status_callbacks_used_twice": JSONValue(callbacks.values.count { $0 > 1 }),
      "audio_seconds": .number(seconds),
      "outcomes": .object(
        JSONObject(TrueOutcome.allCases.map { ($0.rawValue, JSONValue(outcomes[$0] ?? 0)) })),
      "misbehavior": .object(
        JSONObject(misbehavior.map { ($0.key.rawValue, JSONValue($0.value)) }.sorted { $0.0 < $1.0 })),
    ]
  }
}
