import Core
import Glibc
import HTTP
import JSON
import Logging
import Metrics
import TestSupport

/// Places calls on a running phone network and relays their audio between its two sockets, then tells what the network
/// process spent: `phone-network-load URL PID CALLS AT_ONCE`, with the account of deploy/stack.sh.
@main struct Main {
  static func main() async throws {
    let arguments = CommandLine.arguments
    guard arguments.count == 5, let process = Int(arguments[2]), let calls = Int(arguments[3]),
      let atOnce = Int(arguments[4])
    else {
      print("usage: phone-network-load URL PID CALLS AT_ONCE")
      exit(64)
    }
    let relay = Relay(network: arguments[1])
    var router = Router()
    router.webSocket("/stream", handler: { socket, _ in try await relay.run(socket) })
    let server = HTTPServer(
      address: "http://127.0.0.1:0", router: router, logger: .discarding, metrics: MetricsRegistry())
    try server.listen()
    let load = Load(network: arguments[1], stream: "ws://127.0.0.1:\(server.port)/stream", process: process)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try? await server.run() }
      try await load.run(calls: calls, atOnce: atOnce)
      group.cancelAll()
    }
  }
}

/// Places the calls and measures.
struct Load: Sendable {
  static let account = "AC00000000000000000000000000000001"
  static let token = "embedded-phone-network-token-0001"

  let network: String
  let stream: String
  let process: Int
  let client = HTTPClient()

  func run(calls: Int, atOnce: Int) async throws {
    let before = (
      cpu: ProcessFigures.processorTime(of: process), own: ProcessFigures.processorTime(), time: ContinuousClock.now
    )
    var placed = 0
    while true {
      let summary = try await client.send(HTTPClientRequest(url: "\(network)/truth/summary")).json()
      let live = summary["live_calls"]?.intValue ?? 0
      if placed == calls && live == 0 {
        report(summary, before)
        return
      }
      for _ in 0..<min(calls - placed, max(0, atOnce - live)) {
        try await place("+1\(2_125_550_000 + placed)")
        placed += 1
      }
      try await Task.sleep(for: .milliseconds(20))
    }
  }

  private func place(_ number: String) async throws {
    var request = HTTPClientRequest.form(
      url: "\(network)/2010-04-01/Accounts/\(Self.account)/Calls.json",
      [
        ("To", number), ("From", "+15005550006"),
        ("Twiml", "<Response><Connect><Stream url=\"\(stream)\"/></Connect></Response>"),
      ])
    request.basicAuthentication = .init(user: Self.account, password: Self.token)
    let response = try await client.send(request)
    guard response.status.code == 201 else {
      print(String(decoding: response.body, as: UTF8.self))
      exit(1)
    }
  }

  private func report(_ summary: JSONValue, _ before: (cpu: Double, own: Double, time: ContinuousClock.Instant)) {
    let seconds = summary["audio_seconds"]?.doubleValue ?? 0
    let elapsed = before.time.duration(to: .now).inSeconds
    let cpu = (ProcessFigures.processorTime(of: process) - before.cpu) * 1_000
    let own = (ProcessFigures.processorTime() - before.own) * 1_000
    print(
      "\(Int(seconds)) call-seconds in \(rounded(elapsed)) s: \(rounded(seconds / elapsed)) at once on average, "
        + "network \(rounded(cpu / seconds)) ms CPU a call-second, this relay \(rounded(own / seconds)) ms"
    )
    print(summary["outcomes"]?.serialize() ?? "")
  }

  private func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }
}
