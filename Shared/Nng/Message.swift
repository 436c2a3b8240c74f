internal import CNng

/// One nng message: a body, and the pipe it came from.
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
  /// - Parameter fill: Returns how many bytes of the buffer it wrote; the rest is cut off.
  public static func make(
    capacity: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Int
  ) throws(NngError) -> Message {
    var handle: OpaquePointer?
    try check(nng_msg_alloc(&handle, capacity), "allocate a message of \(capacity) bytes")
    guard let handle else { throw NngError(.outOfMemory, "allocate a message: no handle") }
    let message = Message(adopting: handle)
    let written = fill(UnsafeMutableRawBufferPointer(start: nng_msg_body(handle), count: capacity))
    precondition(written >= 0 && written <= capacity, "wrote past the message")
    try check(nng_msg_chop(handle, capacity - written), "shorten a message")
    return message
  }

  public var pipe: PipeID {
    PipeID(value: nng_msg_get_pipe(handle).id)
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
