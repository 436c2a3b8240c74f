import Nng
import Synchronization

/// A message of a client that was received and may be answered once.
final class Turn: Sendable {
  let context: ReplyContext
  /// Whose message it is; nil while no message is held.
  private let owner = Mutex<ServerPeer?>(nil)

  init(_ context: ReplyContext) {
    self.context = context
  }

  func hold(for peer: ServerPeer) {
    owner.withLock { $0 = peer }
  }

  func release() -> ServerPeer? {
    owner.withLock { owner in
      defer { owner = nil }
      return owner
    }
  }
}

/// The contexts of a server: one of them receives, the others hold a message or are free.
///
/// Because only one receives at a time, messages are registered in the order in which they came.
final class TurnPool: Sendable {
  private struct State {
    /// Every turn there is: at most `EnvelopeLimits.tolerated` for each client, and one that receives.
    var all: [Turn] = []
    var free: [Turn] = []
    var isReceiving = false
  }

  private let socket: MessageSocket
  private let onMessage: @Sendable (consuming Message, Turn) -> Void
  private let state = Mutex(State())

  /// `onMessage` keeps the turn, or gives it back with `put`, and calls `receiveNext` once it has noted what the message
  /// says.
  init(_ socket: MessageSocket, onMessage: @escaping @Sendable (consuming Message, Turn) -> Void) {
    self.socket = socket
    self.onMessage = onMessage
  }

  /// Waits for the next message.
  func receiveNext() {
    let free = state.withLock { state -> Turn? in
      state.isReceiving = true
      return state.free.popLast()
    }
    if let turn = free ?? make() {
      turn.context.receive()
    } else {
      // No memory for another context: the next turn that comes back receives.
      state.withLock { $0.isReceiving = false }
    }
  }

  /// Takes back a turn whose message was answered or is not to be.
  func put(_ turn: Turn) {
    let mustReceive = state.withLock { state -> Bool in
      if state.isReceiving {
        state.free.append(turn)
        return false
      }
      state.isReceiving = true
      return true
    }
    if mustReceive {
      turn.context.receive()
    }
  }

  private func make() -> Turn? {
    guard let context = try? ReplyContext(socket) else { return nil }
    let turn = Turn(context)
    context.onMessage { [weak self, weak turn] message in
      guard let self, let turn else { return }
      onMessage(message, turn)
    } onReplied: { [weak self, weak turn] in
      guard let self, let turn else { return }
      let peer = turn.release()
      put(turn)
      peer?.replied()
    }
    state.withLock { $0.all.append(turn) }
    return turn
  }
}
