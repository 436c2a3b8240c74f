internal import CNng

/// One nng message: a body, the header that raw protocols route by, and the pipe it came from.
public struct Message: ~Copyable {
  let handle: OpaquePointer

  init(adopting handle: OpaquePointer) {
    self.handle = handle
  }

  deinit {
    nng_msg_free(handle)
  }

  /// Allocates room for `capacity` bytes and lets `fill` write the body there.
  ///
  /// - Parameters:
  ///   - header: Goes before the body on the wire and is not counted in it. At most 64 bytes.
  ///   - fill: Returns how many bytes of the buffer it wrote; the rest is cut off.
  public static func make(
    capacity: Int, header: [UInt8], _ fill: (UnsafeMutableRawBufferPointer) -> Int
  ) throws(NngError) -> Message {
    var handle: OpaquePointer?
    try check(nng_msg_alloc(&handle, capacity), "allocate a message of \(capacity) bytes")
    guard let handle else { throw NngError(.outOfMemory, "allocate a message: no handle") }
    let message = Message(adopting: handle)
    let written = fill(UnsafeMutableRawBufferPointer(start: nng_msg_body(handle), count: capacity))
    precondition(written >= 0 && written <= capacity, "wrote past the message")
    try check(nng_msg_chop(handle, capacity - written), "shorten a message")
    let appended = header.withUnsafeBytes { nng_msg_header_append(handle, $0.baseAddress, $0.count) }
    try check(appended, "set a message's header")
    return message
  }

  public var pipe: PipeID {
    PipeID(value: nng_msg_get_pipe(handle).id)
  }

  /// What a raw reply must carry to find its way back.
  public var header: [UInt8] {
    let count = nng_msg_header_len(handle)
    return [UInt8](UnsafeRawBufferPointer(start: nng_msg_header(handle), count: count))
  }

  /// The body, valid inside `use` only.
  public func withBody<Result>(_ use: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    try use(UnsafeRawBufferPointer(start: nng_msg_body(handle), count: nng_msg_len(handle)))
  }

  /// Hands the message to nng.
  consuming func surrender() -> OpaquePointer {
    let handle = handle
    discard self
    return handle
  }
}

/// One connection of a socket. Never reused while the process still knows the old one.
public struct PipeID: Hashable, Sendable {
  let value: UInt32
}
