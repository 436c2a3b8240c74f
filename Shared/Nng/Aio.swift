internal import CNng

private func aioDidComplete(_ context: UnsafeMutableRawPointer?) {
  guard let context else { return }
  Unmanaged<Completion>.fromOpaque(context).takeUnretainedValue().fire()
}

/// One nng asynchronous operation at a time, awaited by one task.
///
/// Owns the `nng_aio`. The object that nng calls back holds only the continuation, so neither side waits for the
/// other when both let go. Freeing waits for a callback that is just returning, so the reaper does it.
final class Aio: @unchecked Sendable {
  /// Given to nng by whoever starts an operation. Thread-safe by nng's contract; immutable here, which is what makes
  /// this class Sendable.
  let handle: OpaquePointer
  private let completion: Completion

  init() throws(NngError) {
    let completion = Completion()
    var handle: OpaquePointer?
    // Unretained: `self` keeps `completion` alive, and `nng_aio_free` returns only when no callback runs any more.
    let context = Unmanaged.passUnretained(completion).toOpaque()
    try check(nng_aio_alloc(&handle, aioDidComplete, context), "allocate an aio")
    guard let handle else { throw NngError(.outOfMemory, "allocate an aio: no handle") }
    self.handle = handle
    self.completion = completion
  }

  deinit {
    let surrendered = Surrendered(handle: handle)
    Reaper.later { [completion] in
      nng_aio_free(surrendered.handle)
      withExtendedLifetime(completion) {}
    }
  }

  /// Starts an operation with `start` and returns when it is over; then `count`, `output` and messages may be read.
  ///
  /// Cancelling the task cancels the operation, which then ends with `NngError.Code.cancelled`. An operation that
  /// finished before the cancellation reached it counts as finished, so nothing received is lost.
  ///
  /// - Parameters:
  ///   - timeout: Ends the operation with `NngError.Code.timedOut`; nil waits for ever. Rounded up to milliseconds.
  ///   - operation: What is tried, for the error's message.
  ///   - start: Calls exactly one nng function that takes the aio. Must not wait.
  func run(
    _ operation: StaticString, timeout: Duration? = nil, _ start: (OpaquePointer) -> Void
  ) async throws(NngError) {
    nng_aio_set_timeout(handle, timeout.map(milliseconds) ?? NNG_DURATION_INFINITE)
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        completion.arm(continuation)
        start(handle)
        if Task.isCancelled {
          nng_aio_cancel(handle)  // The handler below may have run before there was anything to cancel.
        }
      }
    } onCancel: {
      cancel()
    }
    let result = nng_aio_result(handle)
    if result != 0 {
      throw NngError(result, "\(operation)")
    }
  }

  /// Asks nng to end the operation that runs; `run` then throws. Harmless when none runs. Never waits.
  func cancel() {
    nng_aio_cancel(handle)
  }

  /// Bytes moved by the last operation.
  var count: Int { nng_aio_count(handle) }

  /// Result number `index` of the last operation, such as the stream that a dialer made.
  func output(_ index: UInt32 = 0) -> UnsafeMutableRawPointer? {
    nng_aio_get_output(handle, index)
  }
}

/// Whole milliseconds for nng, rounded up so that a time-out is never early and never zero, which nng takes for a poll.
func milliseconds(_ duration: Duration) -> nng_duration {
  let parts = duration.components
  let rounded = parts.attoseconds / 1_000_000_000_000_000 + (parts.attoseconds % 1_000_000_000_000_000 > 0 ? 1 : 0)
  let (scaled, overflow) = parts.seconds.multipliedReportingOverflow(by: 1000)
  if overflow {
    return parts.seconds < 0 ? 1 : .max
  }
  return nng_duration(clamping: max(1, scaled &+ rounded))
}
