import Core
import Glibc
import HTTP
import Logging
import Metrics
import RPC
import TestSupport

/// Both far ends of a running media-bridge: a provider that takes every call and streams its audio, and a voice engine
/// that answers each piece of audio with as much of its own: the load of shared perf tables, 100 messages a call-second.
///
///     media-bridge-ends RPC_ENDPOINT BRIDGE_URL BRIDGE_PID PORT CALLS SECONDS
@main struct Main {
  static func main() async throws {
    let arguments = CommandLine.arguments
    guard arguments.count == 7, let process = Int(arguments[3]), let calls = Int(arguments[5]),
      let seconds = Int(arguments[6])
    else {
      print("usage: media-bridge-ends RPC_ENDPOINT BRIDGE_URL BRIDGE_PID PORT CALLS SECONDS")
      exit(64)
    }
    let provider = Provider(bridge: arguments[2])
    var router = Router()
    provider.register(on: &router)
    VoiceEnd(latency: provider.latency).register(on: &router)
    let server = HTTPServer(
      address: "http://127.0.0.1:\(arguments[4])", router: router, logger: .discarding, metrics: MetricsRegistry())
    try server.listen()
    let client = try RPCClient(
      endpoints: [arguments[1]], options: RPCClientOptions(), logger: .discarding, metrics: MetricsRegistry(),
      tracer: nil)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try? await server.run() }
      for number in 0..<calls { try await provider.place(number, through: client) }
      try await provider.connect()
      let before = (cpu: ProcessFigures.processorTime(of: process), time: ContinuousClock.now)
      provider.latency.reset()
      try await provider.talk(for: .seconds(seconds))
      let elapsed = before.time.duration(to: .now).inSeconds
      let cpu = (ProcessFigures.processorTime(of: process) - before.cpu) * 1_000
      print(
        "calls \(calls)  CPU ms a call-second \(rounded(cpu / (Double(calls) * elapsed)))  cores \(rounded(cpu / elapsed / 1000))"
          + "  up ms \(provider.latency.up)  there and back ms \(provider.latency.round)"
          + "  callback ms \(provider.latency.callbacks)  resident MB \(ProcessFigures.residentBytes(of: process) >> 20)"
      )
      group.cancelAll()
    }
    exit(0)
  }
}

func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }
