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
    let pipes = BoundedQueue<PipeID>(capacity: 2)
    let reply = try MessageSocket(.reply)
    let request = try MessageSocket(.request)
    for socket in [reply, request] {
      socket.onPipeEvent { event in
        if case .added(let pipe, _) = event { _ = pipes.offer(pipe) }
      }
    }
    try request.dial(try reply.listen("tcp://127.0.0.1:0"))
    for _ in 0..<2 {
      let pipe = try #require(try await pipes.next())
      #expect(MessageSocket.sendsAtOnce(pipe) == true)
    }
    await request.close()
    await reply.close()
  }
}
