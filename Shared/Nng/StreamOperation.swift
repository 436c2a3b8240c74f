internal import CNng

private func streamOperationDidComplete(_ context: UnsafeMutableRawPointer?) {
  guard let context else { return }
  runOnCallbackThread {
    Unmanaged<Completion>.fromOpaque(context).takeUnretainedValue().fire()
  }
}

/// One direction of a stream: an `nng_aio` that is used again for each read or write.
///
/// Differs from `Aio` in that the task it wakes may go on inside nng's callback (see `CallbackExecutor`), and may there
/// drop the last reference to the stream. So the stream has it freed elsewhere.
struct StreamOperation: @unchecked Sendable {
  /// Thread-safe by nng's contract; immutable here, as is what makes this type Sendable.
  let aio: OpaquePointer
  /// Retained until `free`.
  private let completion: Unmanaged<Completion>

  init() throws(NngError) {
    let completion = Unmanaged.passRetained(Completion())
    var handle: OpaquePointer?
    let result = nng_aio_alloc(&handle, streamOperationDidComplete, completion.toOpaque())
    guard result == 0, let handle else {
      completion.release()
      throw NngError(result, "allocate a stream's aio")
    }
    aio = handle
    self.completion = completion
  }

  /// Waits for the last callback; must be called once, where waiting is allowed, and not while an operation runs.
  func free() {
    nng_aio_free(aio)
    completion.release()
  }

  /// Starts one operation and returns when it is over. `start` may end it at once by aborting the aio.
  func run(_ start: (OpaquePointer) -> Void) async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        completion._withUnsafeGuaranteedRef { $0.arm(continuation) }
        start(aio)
        if Task.isCancelled {
          nng_aio_cancel(aio)  // The handler below may have run before there was an operation.
        }
      }
    } onCancel: {
      nng_aio_cancel(aio)
    }
  }
}
