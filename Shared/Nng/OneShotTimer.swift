internal import CNng

/// A timer on nng's clock thread, for sweeps that are cheaper than a task for each deadline.
public final class OneShotTimer: Sendable {
  private let aio: CallbackAio

  public init() throws(NngError) {
    aio = try CallbackAio()
  }

  /// Says what runs, on an nng thread, once for each `arm`, early when cancelled. Called once, before the first `arm`;
  /// `body` must not wait and must not hold the timer's owner strongly.
  public func onFire(_ body: @escaping @Sendable () -> Void) {
    aio.onCompletion { _ in body() }
  }

  /// Starts to wait. The caller waits for the firing before it arms again.
  public func arm(after delay: Duration) {
    nng_sleep_aio(milliseconds(delay), aio.handle)
  }

  /// Fires at once if armed.
  public func cancel() {
    nng_aio_cancel(aio.handle)
  }
}
