import Configuration
import Core
import Logging
import Metrics
import Synchronization

/// The account whose calls this network carries.
struct Account: Hashable, Sendable {
  var sid: String
  var token: Secret
}

/// What every call shares.
struct CallNetwork: Sendable {
  let account: Account
  let clock: any BusinessClock
  let pacer: Pacer
  let latency: RelayLatency
  let webhooks: WebhookSender
  let mischief: Mischief
  let logger: Logger
  let metrics: CallMetrics
  let sids: SidSource

  /// Two seconds of the wall clock, in business time.
  var stall: Duration { .seconds(2 / max(1e-9, clock.realDuration(of: .seconds(1)).inSeconds)) }

  func newSid(_ prefix: String) -> String { sids.next(prefix) }
}

/// Makes ids of Twilio's form: two letters and 32 hexadecimal digits, unique in all processes.
final class SidSource: Sendable {
  private let process = UniqueID.random()
  private let counter = Atomic<UInt64>(0)

  func next(_ prefix: String) -> String {
    let number = counter.wrappingAdd(1, ordering: .relaxed).newValue
    let id = UniqueID.derived(from: process.description, prefix, String(number))
    return prefix + Hex.encode(id.bytes)
  }
}

/// Counts calls for `/metrics`.
struct CallMetrics: Sendable {
  private let calls: Counter
  private let live: Gauge

  init(_ registry: MetricsRegistry) {
    calls = registry.counter("phone_network_calls_total", "Calls that ended", labels: ["status"])
    live = registry.gauge("phone_network_live_calls", "Calls that have not ended")
  }

  func begun() { live.add(1) }

  func ended(_ record: CallRecord) {
    live.add(-1)
    calls.increment(record.status.rawValue)
  }
}
