internal import CNng

/// Carries one message to the server and the answer back, then the next.
///
/// A request is never sent twice: when its connection ends, waiting for the answer fails.
public final class RequestContext: Sendable {
  public enum Event: ~Copyable {
    /// The connection has taken the message that `sendWhenPossible` was given.
    case sent
    /// nng gave the message back: no connection has taken it.
    case notSent(NngError)
    case answer(Message)
    /// No answer will come.
    case failed(NngError)
  }

  private let context: ContextHandle
  /// Waits for answers, and for a connection that is busy.
  private let aio: CallbackAio
  /// Sends to a connection that is ready.
  private let offering: SynchronousAio
  /// What `aio` does. Written by whoever starts an operation, read by its completion, which nng orders after.
  private let progress = Progress()

  private final class Progress: @unchecked Sendable {
    var isSending = false
  }

  public init(_ socket: MessageSocket) throws(NngError) {
    context = try ContextHandle(socket)
    aio = try CallbackAio()
    offering = try SynchronousAio()
  }

  /// Says what runs, on an nng thread, when something has happened. Called once, before the first send; `body` must not
  /// wait and must not hold the context's owner strongly.
  public func onEvent(_ body: @escaping @Sendable (consuming Event) -> Void) {
    let handle = context.handle
    aio.onCompletion { [progress] aio in
      let result = nng_aio_result(aio)
      let message = nng_aio_get_msg(aio)
      nng_aio_set_msg(aio, nil)
      if progress.isSending {
        progress.isSending = false
        if result == 0 {
          nng_ctx_recv(handle, aio)
          body(.sent)
        } else {
          if let message { nng_msg_free(message) }  // What was not taken is still ours.
          body(.notSent(NngError(result, "send")))
        }
      } else if result == 0, let message {
        body(.answer(Message(adopting: message)))
      } else {
        body(.failed(NngError(result, "receive")))
      }
    }
  }

  /// Sends if the connection is ready, and then waits for the answer: `answer` or `failed` follows. Returns the message
  /// when the connection is still busy with an earlier one, or there is none. Runs no callback and wakes no thread.
  public func offer(_ message: consuming Message) -> Message? {
    nng_aio_set_msg(offering.handle, message.surrender())
    nng_ctx_send(context.handle, offering.handle)
    nng_aio_wait(offering.handle)  // Never waits: the aio's time-out makes the operation a poll.
    if nng_aio_result(offering.handle) != 0, let refused = nng_aio_get_msg(offering.handle) {
      nng_aio_set_msg(offering.handle, nil)
      return Message(adopting: refused)
    }
    nng_ctx_recv(context.handle, aio.handle)
    return nil
  }

  /// Sends as soon as a connection is ready: `sent` and then `answer` or `failed` follow, or `notSent`.
  public func sendWhenPossible(_ message: consuming Message) {
    progress.isSending = true
    nng_aio_set_msg(aio.handle, message.surrender())
    nng_ctx_send(context.handle, aio.handle)
  }

  /// Takes back a message that no connection has taken yet, or stops to wait for the answer.
  public func cancel() {
    nng_aio_cancel(aio.handle)
  }
}

/// An `nng_ctx`, closed by the reaper with its owner.
final class ContextHandle: Sendable {
  let handle: nng_ctx

  init(_ socket: MessageSocket) throws(NngError) {
    var handle = nng_ctx()
    try check(nng_ctx_open(&handle, socket.socket), "open a context")
    self.handle = handle
  }

  deinit {
    let handle = handle
    Reaper.later { nng_ctx_close(handle) }  // Does nothing if the socket is closed already.
  }
}
