import Core
import Nng
import Testing

/// The server's end of the wire without the server: answers each message of a client as a test wants.
final class ScriptedServer: MessageSocketHandler {
  enum Reaction {
    case answer([UInt8])
    case silence
    /// Ends the connection.
    case hangUp
  }

  let endpoint: String
  let messages = Tally()
  private let socket = MessageSocket(.reply)
  private let react: @Sendable ([UInt8]) -> Reaction

  init(_ react: @escaping @Sendable ([UInt8]) -> Reaction) throws {
    self.react = react
    endpoint = try socket.listen(freeEndpoint())
    socket.setHandler(self)
    socket.accept()
  }

  func stop() async { await socket.close() }

  func pipeAdded(_ pipe: PipeID, peer: String) {}
  func pipeRemoved(_ pipe: PipeID) {}
  func pipe(_ pipe: PipeID, didSend: Bool) {}
  func pipeIsStuck(_ pipe: PipeID) { Issue.record("a connection does not end") }

  func pipe(_ pipe: PipeID, received body: UnsafeRawBufferPointer, for request: RequestID) {
    messages.add()
    switch react([UInt8](body)) {
    case .answer(let bytes):
      let answer = Message.make(capacity: bytes.count) { buffer in
        buffer.copyBytes(from: bytes)
        return bytes.count
      }
      _ = socket.send(answer, for: request, on: pipe)
    case .silence: break
    case .hangUp: socket.close(pipe)
    }
  }
}
