import Core
import Glibc
import Nng
import RPC
import RingmasterMessages
import RingmasterServices
import Synchronization
import Wire

/// The Swift side of the RPC benchmark, through the generated client and server of a real service; the same modes and
/// the same line of output as `Floor/floor.c`, whose head has them.
///
/// `call` makes its calls where handlers make theirs, on nng's threads; `call-from-pool` makes them from tasks of the
/// cooperative pool, as workers do.
@main struct RPCBenchmark {
  static func main() async throws {
    let words = CommandLine.arguments
    if words.count == 3, words[1] == "serve" {
      let server = RPCServer(endpoints: [words[2]], services: [MediaServiceServer(Answering())])
      try server.listen()
      puts("ready")
      fflush(nil)
      try await server.run()
    } else if words.count == 6, words[1].hasPrefix("call"), let inFlight = Int(words[3]),
      let seconds = Double(words[4]), let server = pid_t(words[5])
    {
      let executor: (any TaskExecutor)? = words[1] == "call" ? CallbackExecutor.shared : nil
      try await call(words[2], inFlight, seconds, server, on: executor)
    } else {
      print("usage: rpc-benchmark serve URL\n       rpc-benchmark call|call-from-pool URL IN_FLIGHT SECONDS SERVER_PID")
      exit(64)
    }
  }

  /// Answers at once, without looking further.
  struct Answering: MediaServiceHandler {
    func placeCall(_ request: PlaceCallRequest, context: CallContext) async throws -> MediaCall {
      guard let permit = request.permit else { throw RPCError(.invalidArgument, "permit: missing") }
      return MediaCall(
        callId: permit.callId, state: .ringing, providerCallId: "CA0123456789abcdef0123456789abcdef",
        requestedAt: permit.grantedAt, failureReason: "none.")
    }

    func getMediaCall(_ request: CallReference, context: CallContext) async throws -> MediaCall {
      throw RPCError(.unimplemented, "not measured")
    }

    func hangUp(_ request: CallReference, context: CallContext) async throws -> MediaCall {
      throw RPCError(.unimplemented, "not measured")
    }
  }

  private enum Phase: Int, AtomicRepresentable {
    case warming, measuring, over
  }

  private static let phase = Atomic(Phase.warming)

  private static func call(
    _ url: String, _ inFlight: Int, _ seconds: Double, _ server: pid_t, on executor: (any TaskExecutor)?
  ) async throws {
    let client = try RPCClient(endpoints: [url])
    let media = MediaServiceClient(client)
    let request = request()
    var serverClock = clockid_t()
    guard clock_getcpuclockid(server, &serverClock) == 0 else { exit(1) }
    let line = try await withThrowingTaskGroup(of: [UInt32].self) { group in
      for _ in 0..<inFlight {
        // Not with a nil preference: such a task looks for its executor at every step, which no worker's does.
        if let executor {
          group.addTask(executorPreference: executor) { try await callUntilOver(media, request) }
        } else {
          group.addTask { try await callUntilOver(media, request) }
        }
      }
      try await Task.sleep(for: .milliseconds(500))
      let (clientCPU, serverCPU) = (nanoseconds(CLOCK_PROCESS_CPUTIME_ID), nanoseconds(serverClock))
      let start = nanoseconds(CLOCK_MONOTONIC)
      phase.store(.measuring, ordering: .relaxed)
      try await Task.sleep(for: .seconds(seconds))
      phase.store(.over, ordering: .relaxed)
      let elapsed = Double(nanoseconds(CLOCK_MONOTONIC) - start) / 1e9
      let spent = (nanoseconds(CLOCK_PROCESS_CPUTIME_ID) - clientCPU, nanoseconds(serverClock) - serverCPU)
      var samples: [UInt32] = []
      for try await part in group { samples += part }
      return report(samples, elapsed, clientCPU: spent.0, serverCPU: spent.1)
    }
    print(line)
    await client.close()
  }

  /// Nanoseconds of each call that was measured.
  private static func callUntilOver(_ media: MediaServiceClient, _ request: PlaceCallRequest) async throws -> [UInt32] {
    var samples: [UInt32] = []
    while true {
      let began = nanoseconds(CLOCK_MONOTONIC)
      let answer = try await media.placeCall(request)
      guard answer.state == .ringing else { exit(3) }
      switch phase.load(ordering: .relaxed) {
      case .warming: continue
      case .measuring: samples.append(UInt32(clamping: nanoseconds(CLOCK_MONOTONIC) - began))
      case .over: return samples
      }
    }
  }

  /// 209 bytes, like the ones of the floor and the peer.
  private static func request() -> PlaceCallRequest {
    PlaceCallRequest(
      permit: DialPermit(
        callId: "7f2c1f0e-9a51-4c0e-8f0e-2b9d3c1a5e77", campaignId: "0b6f0a3e-1d55-4f0c-9a7e-8f3c2d1b0a99",
        leadId: "c1a2b3c4-d5e6-4f70-8123-456789abcdef", attemptNumber: 2, to: "+61491570006", from: "+61491570156",
        grantedAt: Timestamp(seconds: 1_790_000_000), expiresAt: Timestamp(seconds: 1_790_000_060), policyVersion: 7,
        evidence: ["in hours"]),
      provider: "twilio", voice: "alloy-en-au", leaveVoicemail: true)
  }

  private static func report(_ samples: [UInt32], _ seconds: Double, clientCPU: UInt64, serverCPU: UInt64) -> String {
    let sorted = samples.sorted()
    guard !sorted.isEmpty else { exit(1) }
    let calls = Double(sorted.count)
    func tenths(_ value: Double) -> Double { (value * 10).rounded() / 10 }
    func hundredths(_ value: Double) -> Double { (value * 100).rounded() / 100 }
    return "\(Int(calls / seconds)),\(tenths(Double(sorted[sorted.count / 2]) / 1e3)),"
      + "\(tenths(Double(sorted[sorted.count * 99 / 100]) / 1e3)),\(hundredths(Double(clientCPU) / 1e3 / calls)),"
      + "\(hundredths(Double(serverCPU) / 1e3 / calls))"
  }

  private static func nanoseconds(_ clock: clockid_t) -> UInt64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}
