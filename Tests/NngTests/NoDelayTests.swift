import Core
import Testing

@testable import Nng

/// `TCP_NODELAY`, read back from both ends of real connections.
@Suite struct NoDelayTests {
  @Test func streamsSendSmallWritesAtOnce() async throws {
    let listener = try StreamListener.make(url: "tcp://127.0.0.1:0")
    try listener.listen()
    let port = try #require(listener.boundPort)
    async let accepted = listener.accept()
    let dialed = try await StreamDialer.dial("tcp://127.0.0.1:\(port)")
    #expect(dialed.sendsAtOnce == true)
    #expect(try await accepted.sendsAtOnce == true)
    listener.close()
  }

  @Test func namedHostsToo() async throws {
    let listener = try StreamListener.make(url: "tcp4://localhost:0")
    try listener.listen()
    let port = try #require(listener.boundPort)
    async let accepted = listener.accept()
    let dialed = try await StreamDialer.dial("tcp://localhost:\(port)")
    #expect(dialed.sendsAtOnce == true)
    #expect(try await accepted.sendsAtOnce == true)
    listener.close()
  }

  @Test func unixSocketsHaveNoSuchThing() async throws {
    let url = "ipc:///tmp/ringmaster-nodelay-\(UniqueID.random())"
    let listener = try StreamListener.make(url: url)
    try listener.listen()
    async let accepted = listener.accept()
    let dialed = try await StreamDialer.dial(url)
    #expect(dialed.sendsAtOnce == nil)
    #expect(try await accepted.sendsAtOnce == nil)
    listener.close()
  }

  @Test func messageSocketsSendSmallMessagesAtOnce() async throws {
    let (reply, request) = (MessageSocket(.reply), MessageSocket(.request))
    let (atReply, atRequest) = (Arrivals(), Arrivals())
    reply.setHandler(atReply)
    request.setHandler(atRequest)
    let url = try reply.listen("tcp://127.0.0.1:0")
    reply.accept()
    try request.dial(url)
    #expect(reply.sendsAtOnce(try #require(try await atReply.pipes.next())) == true)
    #expect(request.sendsAtOnce(try #require(try await atRequest.pipes.next())) == true)
    await request.close()
    await reply.close()
  }

  private final class Arrivals: MessageSocketHandler {
    let pipes = BoundedQueue<PipeID>(capacity: 2)

    func pipeAdded(_ pipe: PipeID, peer: String) { _ = pipes.offer(pipe) }
    func pipe(_ pipe: PipeID, received body: UnsafeRawBufferPointer, for request: RequestID) {}
    func pipe(_ pipe: PipeID, didSend: Bool) {}
    func pipeRemoved(_ pipe: PipeID) {}
    func pipeIsStuck(_ pipe: PipeID) {}
  }
}
