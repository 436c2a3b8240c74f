internal import CNng

/// Receives one message and answers it, then the next.
public final class ReplyContext: Sendable {
  private let context: ContextHandle
  private let aio: CallbackAio
  /// What `aio` does. Written by whoever starts an operation, read by its completion, which nng orders after.
  private let progress = Progress()

  private final class Progress: @unchecked Sendable {
    var isReplying = false
  }

  public init(_ socket: MessageSocket) throws(NngError) {
    context = try ContextHandle(socket)
    aio = try CallbackAio()
  }

  /// Says what runs, on an nng thread: `onMessage` once for each `receive`, `onReplied` once for each `reply`, when the
  /// connection has taken the answer or is gone. Neither follows once the socket closes. Called once, before the first
  /// `receive`; the closures must not wait and must not hold the context's owner strongly.
  public func onMessage(
    _ onMessage: @escaping @Sendable (consuming Message) -> Void, onReplied: @escaping @Sendable () -> Void
  ) {
    let handle = context.handle
    aio.onCompletion { [progress] aio in
      let result = nng_aio_result(aio)
      let message = nng_aio_get_msg(aio)
      nng_aio_set_msg(aio, nil)
      if progress.isReplying {
        progress.isReplying = false
        if let message { nng_msg_free(message) }  // What was not taken is still ours.
        if result != Int32(NNG_ECLOSED.rawValue) { onReplied() }
      } else if result == 0, let message {
        onMessage(Message(adopting: message))
      } else if result != Int32(NNG_ECLOSED.rawValue), result != Int32(NNG_ECANCELED.rawValue) {
        nng_ctx_recv(handle, aio)
      }  // Else the socket or the context is going away.
    }
  }

  /// Starts to wait for a message. Gives up the one that was received before, if it was not answered.
  public func receive() {
    nng_ctx_recv(context.handle, aio.handle)
  }

  /// Answers the message that was received. An answer to a connection that is gone is dropped.
  public func reply(_ message: consuming Message) {
    progress.isReplying = true
    nng_aio_set_msg(aio.handle, message.surrender())
    nng_ctx_send(context.handle, aio.handle)
  }
}
