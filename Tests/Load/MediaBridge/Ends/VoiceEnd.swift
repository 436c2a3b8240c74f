import HTTP

/// Answers each piece of audio with the same audio: an agent that never stops talking.
struct VoiceEnd: Sendable {
  let latency: Latency

  func register(on router: inout Router) {
    router.webSocket(
      "/v1/realtime",
      handler: { [latency] socket, _ in
        let audio = Array(#""audio":""#.utf8)
        var buffer: [UInt8] = []
        while case .text(let bytes)? = try await socket.receive() {
          guard bytes.starts(with: Array(#"{"type":"input_audio_buffer.append""#.utf8)),
            let start = bytes.firstRange(of: audio)
          else {
            if bytes.starts(with: Array(#"{"type":"session.update""#.utf8)) {
              try await socket.send(text: #"{"type":"session.updated","session":{}}"#)
            }
            continue
          }
          let payload = bytes[start.upperBound...].dropLast(2)
          latency.arrived(payload, isBack: false)
          buffer.removeAll(keepingCapacity: true)
          buffer += Array(
            #"{"type":"response.output_audio.delta","event_id":"event_1","response_id":"resp_1","item_id":"item_1","#
              .utf8)
          buffer += Array(#""output_index":0,"content_index":0,"delta":""#.utf8)
          buffer += payload
          buffer += Array("\"}".utf8)
          try await socket.send(text: buffer)
        }
      })
  }
}
