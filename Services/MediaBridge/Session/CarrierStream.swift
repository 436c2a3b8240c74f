import HTTP

/// The sending side of a call's media stream.
struct CarrierStream: Sendable {
  let socket: WebSocket
  private let writer: TwilioStreamWriter

  init(socket: WebSocket, streamID: String) {
    self.socket = socket
    writer = TwilioStreamWriter(streamID: streamID)
  }

  /// - Parameter buffer: Belongs to the caller; written over.
  func play(_ audio: AudioPayload, buffer: inout [UInt8]) async throws {
    writer.media(audio, to: &buffer)
    try await socket.send(text: buffer)
  }

  func mark(_ name: String) async throws {
    try await socket.send(text: writer.mark(name))
  }

  func clear() async throws {
    try await socket.send(text: writer.clear())
  }
}
