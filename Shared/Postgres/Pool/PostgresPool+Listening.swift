import Core
import Logging
import Synchronization

/// What comes in on a channel.
public enum PostgresNotification: Hashable, Sendable {
  /// Listening from now on, for the first time or after the connection was lost: what was sent before may be missed,
  /// so look at the tables.
  case listening
  case message(String)
}

extension PostgresPool {
  /// Listens on `channel` (NOTIFY) over a connection of its own, which is opened again whenever it is lost.
  ///
  /// Ends when nobody iterates any more or the pool is closed. Holds the newest 256 notifications; older ones that
  /// nobody took are dropped, because a notification is a doorbell and not data.
  public func listen(channel: String) throws -> AsyncStream<PostgresNotification> {
    try SQLIdentifier.check(channel)
    let (stream, continuation) = AsyncStream.makeStream(
      of: PostgresNotification.self, bufferingPolicy: .bufferingNewest(256))
    let task = background.spawn { [self] in
      await keepListening(channel, continuation)
      continuation.finish()
    }
    continuation.onTermination = { _ in task.cancel() }
    return stream
  }

  private func keepListening(
    _ channel: String, _ continuation: AsyncStream<PostgresNotification>.Continuation
  ) async {
    let backoff = Backoff(initial: .milliseconds(50), maximum: .seconds(5))
    var attempt = 0
    while !Task.isCancelled {
      do {
        let connection = try await PostgresConnection.connect(configuration)
        defer { connection.close() }
        connection.onNotification { name, payload in
          if name == channel { continuation.yield(.message(payload)) }
        }
        _ = try await connection.runScript("listen \(quoted(channel))", name: "listen")
        attempt = 0
        continuation.yield(.listening)
        await connection.waitForFailure()
      } catch {
        if Task.isCancelled { return }
        logger.warning("cannot listen", [LogField("channel", channel), .error(error)])
      }
      attempt += 1
      // Ends at once when cancelled, which the loop's condition sees.
      try? await Task.sleep(for: backoff.delay(attempt: attempt))
    }
  }
}

extension PostgresConnection {
  /// Returns when the connection has failed or the task is cancelled, which closes it.
  fileprivate func waitForFailure() async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        onFailure { _ in continuation.resume() }
      }
    } onCancel: {
      fail(PostgresError(.unavailable, "cancelled"))
    }
  }
}
