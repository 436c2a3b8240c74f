/// A long-lived part of a process.
public protocol LifecycleService: Sendable {
  /// For logs and errors: "rpc-server".
  var name: String { get }

  /// Works until cancelled or until something is wrong.
  ///
  /// Returning before the process is asked to stop is an error, as throwing is. Once `drain()` has returned the task is
  /// cancelled and must soon return or throw `CancellationError`.
  func run() async throws

  /// Takes no new work and returns when what was begun is done. Cancelled when its time is up.
  func drain() async
}

extension LifecycleService {
  public func drain() async {}
}
