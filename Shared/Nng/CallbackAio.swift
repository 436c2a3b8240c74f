internal import CNng

/// What nng calls when an operation of a `CallbackAio` is over. Does not own the handle: see `CallbackAio`.
private final class CallbackTarget: @unchecked Sendable {
  // Both written once, before the first operation starts; that start orders them before every callback.
  var handle: OpaquePointer?
  var body: (@Sendable (OpaquePointer) -> Void)?

  func fire() {
    if let handle, let body {
      body(handle)
    }
  }
}

private func callbackAioDidComplete(_ context: UnsafeMutableRawPointer?) {
  guard let context else { return }
  runOnCallbackThread {
    Unmanaged<CallbackTarget>.fromOpaque(context).takeUnretainedValue().fire()
  }
}

/// An aio whose completions run a closure on one of nng's threads, for loops that must not hop to a task.
///
/// The closure must not wait and must not hold the aio's owner strongly. It may release the owner: the handle is then
/// freed elsewhere, and a last callback (cancelled or closed) may still run until that has happened.
final class CallbackAio: @unchecked Sendable {
  /// Immutable, and thread-safe by nng's contract: this is what makes the class Sendable.
  let handle: OpaquePointer
  private let target: CallbackTarget

  init() throws(NngError) {
    let target = CallbackTarget()
    var handle: OpaquePointer?
    let context = Unmanaged.passUnretained(target).toOpaque()
    try check(nng_aio_alloc(&handle, callbackAioDidComplete, context), "allocate an aio")
    guard let handle else { throw NngError(.outOfMemory, "allocate an aio: no handle") }
    target.handle = handle
    self.handle = handle
    self.target = target
  }

  /// Says what runs on completion: once, before the first operation.
  func onCompletion(_ body: @escaping @Sendable (OpaquePointer) -> Void) {
    precondition(target.body == nil, "an aio has one callback for its whole life")
    target.body = body
  }

  deinit {
    let surrendered = Surrendered(handle: handle)
    Reaper.later { [target] in
      nng_aio_free(surrendered.handle)  // Cancels, and waits for the last callback.
      withExtendedLifetime(target) {}
    }
  }
}

/// An aio without a callback, for operations that end at once or are taken back.
final class SynchronousAio: @unchecked Sendable {
  /// Immutable, and used by one thread at a time, which the users of this class see to.
  let handle: OpaquePointer

  init() throws(NngError) {
    var handle: OpaquePointer?
    try check(nng_aio_alloc(&handle, nil, nil), "allocate an aio")
    guard let handle else { throw NngError(.outOfMemory, "allocate an aio: no handle") }
    self.handle = handle
  }

  deinit {
    nng_aio_free(handle)  // Nothing runs on it, so there is nothing to wait for.
  }
}
