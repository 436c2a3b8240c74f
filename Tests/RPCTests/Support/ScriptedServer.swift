import Core
import Nng
import Synchronization

/// The server's end of the wire without the server: answers each message of a client as a test wants.
final class ScriptedServer: Sendable {
  enum Reaction {
    case answer([UInt8])
    case silence
    /// Ends the connection.
    case hangUp
  }

  let endpoint: String
  let messages = Tally()
  private let socket: MessageSocket
  private let contexts = Mutex<[ReplyContext]>([])
  private let react: @Sendable ([UInt8]) -> Reaction

  init(_ react: @escaping @Sendable ([UInt8]) -> Reaction) throws {
    self.react = react
    socket = try MessageSocket(.reply)
    endpoint = try socket.listen(freeEndpoint())
    try receiveNext()
  }

  func stop() async {
    await socket.close()
    contexts.withLock { $0 = [] }
  }

  private func receiveNext() throws {
    let context = try ReplyContext(socket)
    context.onMessage { [weak self, weak context] message in
      guard let self, let context else { return }
      messages.add()
      switch react(message.withBody { [UInt8]($0) }) {
      case .answer(let bytes):
        if let answer = try? Message.make(
          capacity: bytes.count,
          {
            $0.copyBytes(from: bytes)
            return bytes.count
          })
        {
          return context.reply(answer)
        }
      case .silence:
        try? receiveNext()
      case .hangUp:
        socket.close(message.pipe)
        context.receive()
      }
    } onReplied: { [weak context] in
      context?.receive()
    }
    contexts.withLock { $0.append(context) }
    context.receive()
  }
}
