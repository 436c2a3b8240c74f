import Core
import Synchronization

/// One call: its record, and the way to tell it something. `CallRunner` makes it happen.
final class Call: Sendable {
  let sid: String
  let number: String
  /// What happens to it, in order, for its runner.
  let signals = BoundedQueue<CallSignal>(capacity: 256)
  /// Status callbacks, delivered one after the other.
  let callbacks = BoundedQueue<Webhook>(capacity: 64)

  private let state: Mutex<CallRecord>

  init(_ record: CallRecord) {
    sid = record.sid
    number = record.request.to
    state = Mutex(record)
  }

  var record: CallRecord { state.withLock { $0 } }

  func change<Result: Sendable>(_ body: (inout CallRecord) -> Result) -> Result {
    state.withLock { record in body(&record) }
  }

  /// Changes the record and sends the callback of `event` about it.
  func report(_ event: StatusEvent, at now: Instant, _ body: (inout CallRecord) -> Void = { _ in }) {
    let webhook = state.withLock { record in
      body(&record)
      return record.callback(event, at: now)
    }
    if let webhook { _ = callbacks.offer(webhook) }
  }

  /// Ends the call, once, and sends the last callback.
  func end(_ status: CallRecord.Status, sipCode: Int, by ending: CallRecord.EndedBy? = nil, at now: Instant) {
    let webhook = state.withLock { record in
      record.end(status, sipCode: sipCode, by: ending, at: now) ? record.callback(.completed, at: now) : nil
    }
    if let webhook { _ = callbacks.offer(webhook) }
    callbacks.close()
  }
}
