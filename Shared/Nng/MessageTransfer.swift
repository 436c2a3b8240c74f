internal import CNng

/// Sends messages on a socket, one at a time.
///
/// On a request socket a send is over when the connection has taken the message, which it does when the one before is
/// written: whatever piles up meanwhile can go into the next message.
public final class MessageSender: Sendable {
  private let socket: nng_socket
  private let aio: CallbackAio

  public init(_ socket: MessageSocket) throws(NngError) {
    self.socket = socket.socket
    aio = try CallbackAio()
  }

  /// Says what runs, on an nng thread, once for each `send`: given nil when nng took the message. Called once, before
  /// the first `send`; `body` must not hold the sender's owner strongly.
  public func onCompletion(_ body: @escaping @Sendable (NngError?) -> Void) {
    aio.onCompletion { aio in
      let result = nng_aio_result(aio)
      if result == 0 {
        body(nil)
      } else {
        if let message = nng_aio_get_msg(aio) {
          nng_aio_set_msg(aio, nil)
          nng_msg_free(message)  // A message that was not taken is still ours.
        }
        body(NngError(result, "send"))
      }
    }
  }

  /// Starts to send. The caller waits for the completion before it sends again.
  public func send(_ message: consuming Message) {
    nng_aio_set_msg(aio.handle, message.surrender())
    nng_send_aio(socket, aio.handle)
  }

  /// Takes back a message that no connection has taken yet; the completion then reports `cancelled`.
  public func cancel() {
    nng_aio_cancel(aio.handle)
  }
}

/// Receives messages from all connections of a socket, in order, one after the other.
public final class MessageReceiver: Sendable {
  private let socket: nng_socket
  private let aio: CallbackAio

  public init(_ socket: MessageSocket) throws(NngError) {
    self.socket = socket.socket
    aio = try CallbackAio()
  }

  /// Starts to receive; once. `onMessage` runs on an nng thread, never twice at a time. It must not wait and must not
  /// hold the receiver's owner strongly.
  public func start(_ onMessage: @escaping @Sendable (borrowing Message) -> Void) {
    let socket = socket
    aio.onCompletion { aio in
      let result = nng_aio_result(aio)
      if result == 0 {
        if let received = nng_aio_get_msg(aio) {
          nng_aio_set_msg(aio, nil)
          onMessage(Message(adopting: received))
        }
      } else if result == Int32(NNG_ECLOSED.rawValue) || result == Int32(NNG_ECANCELED.rawValue) {
        return  // The socket or the receiver is going away.
      }
      nng_recv_aio(socket, aio)
    }
    nng_recv_aio(socket, aio.handle)
  }
}

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
