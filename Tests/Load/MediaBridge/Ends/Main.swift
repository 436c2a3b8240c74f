import Core
import Glibc
import HTTP
import Logging
import Metrics
import RPC

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
      let before = (cpu: cpuMilliseconds(process), time: ContinuousClock.now)
      provider.latency.reset()
      try await provider.talk(for: .seconds(seconds))
      let elapsed = before.time.duration(to: .now).inSeconds
      let cpu = cpuMilliseconds(process) - before.cpu
      print(
        "calls \(calls)  CPU ms a call-second \(rounded(cpu / (Double(calls) * elapsed)))  cores \(rounded(cpu / elapsed / 1000))"
          + "  up ms \(provider.latency.up)  there and back ms \(provider.latency.round)"
          + "  callback ms \(provider.latency.callbacks)  resident MB \(residentMegabytes(process))")
      group.cancelAll()
    }
    exit(0)
  }
}

func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }

/// User and system time of a process (proc(5), fields 14 and 15).
func cpuMilliseconds(_ process: Int) -> Double {
  let fields = (contents("/proc/\(process)/stat").split(separator: ")").last ?? "").split(separator: " ")
  let ticks = fields.count > 12 ? (Double(fields[11]) ?? 0) + (Double(fields[12]) ?? 0) : 0
  return ticks * 1_000 / Double(sysconf(Int32(_SC_CLK_TCK)))
}

func residentMegabytes(_ process: Int) -> Int {
  let fields = contents("/proc/\(process)/statm").split(separator: " ")
  return fields.count > 1 ? ((Int(fields[1]) ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE)))) >> 20 : 0
}

private func contents(_ path: String) -> String {
  guard let file = fopen(path, "r") else { return "" }
  defer { fclose(file) }
  var buffer = [UInt8](repeating: 0, count: 1_024)
  let count = fread(&buffer, 1, buffer.count, file)
  return String(decoding: buffer[..<count], as: UTF8.self)
}
