internal import CNng

/// What nng calls when an operation of a `CallbackAio` is over. Does not own the handle: see `CallbackAio`.
private final class CallbackTarget: @unchecked Sendable {
  /// Written once, before the first operation starts; that start orders it before every callback.
  fileprivate(set) var handle: OpaquePointer?
  private let body: @Sendable (OpaquePointer) -> Void

  init(_ body: @escaping @Sendable (OpaquePointer) -> Void) {
    self.body = body
  }

  func fire() {
    if let handle {
      body(handle)
    }
  }
}

private func callbackAioDidComplete(_ context: UnsafeMutableRawPointer?) {
  guard let context else { return }
  Unmanaged<CallbackTarget>.fromOpaque(context).takeUnretainedValue().fire()
}

/// An aio whose completions run a closure on one of nng's threads, for loops that must not hop to a task.
///
/// The closure must not wait and must not hold the aio's owner strongly. It may release the owner: the handle is then
/// freed elsewhere, and a last callback (cancelled or closed) may still run until that has happened.
final class CallbackAio: @unchecked Sendable {
  /// Immutable, and thread-safe by nng's contract: this is what makes the class Sendable.
  let handle: OpaquePointer
  private let target: CallbackTarget

  init(_ body: @escaping @Sendable (OpaquePointer) -> Void) throws(NngError) {
    let target = CallbackTarget(body)
    var handle: OpaquePointer?
    let context = Unmanaged.passUnretained(target).toOpaque()
    try check(nng_aio_alloc(&handle, callbackAioDidComplete, context), "allocate an aio")
    guard let handle else { throw NngError(.outOfMemory, "allocate an aio: no handle") }
    target.handle = handle
    self.handle = handle
    self.target = target
  }

  deinit {
    let surrendered = Surrendered(handle: handle)
    Reaper.later { [target] in
      nng_aio_free(surrendered.handle)  // Cancels, and waits for the last callback.
      withExtendedLifetime(target) {}
    }
  }
}
