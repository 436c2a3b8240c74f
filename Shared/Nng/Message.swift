import Synchronization

/// One message that is to be sent: a body, and room before it for what the wire wants there.
public struct Message: ~Copyable {
  /// Room for the largest header: kind, length and request.
  private static let headroom = 16

  private let base: UnsafeMutableRawPointer
  private let count: Int

  private init(base: UnsafeMutableRawPointer, count: Int) {
    self.base = base
    self.count = count
  }

  deinit {
    base.deallocate()
  }

  /// Makes room for `capacity` bytes and lets `fill` write the body there.
  ///
  /// - Parameter fill: Returns how many bytes of the buffer it wrote; the rest is cut off.
  public static func make(capacity: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Int) -> Message {
    let base = UnsafeMutableRawPointer.allocate(byteCount: headroom + capacity, alignment: headroom)
    let written = fill(UnsafeMutableRawBufferPointer(start: base + headroom, count: capacity))
    precondition(written >= 0 && written <= capacity, "wrote past the message")
    return Message(base: base, count: written)
  }

  /// The body, valid inside `use` only.
  public func withBody<Result>(_ use: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    try use(body)
  }

  /// The whole message as it travels, valid inside `use` only. Written anew by each call.
  func withFrame<Result>(
    for request: RequestID, _ framing: Framing, _ use: (UnsafeRawBufferPointer) throws -> Result
  ) rethrows -> Result {
    let header = framing.headerBytes + RequestID.byteCount
    let start = base + (Message.headroom - header)
    framing.writeHeader(to: start, length: RequestID.byteCount + count)
    (start + framing.headerBytes).storeBytes(of: request.value.bigEndian, as: UInt32.self)
    return try use(UnsafeRawBufferPointer(start: start, count: header + count))
  }

  /// The body, where it stays as long as somebody holds the message.
  var body: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: base + Message.headroom, count: count)
  }
}

/// What a reply names to say which request it answers. Chosen by the requester; not in use twice on a connection.
public struct RequestID: Hashable, Sendable {
  static let byteCount = 4
  /// The high bit tells the end of a path through nng's devices, of which there are none here.
  private static let end: UInt32 = 0x8000_0000

  /// As it travels.
  let value: UInt32

  /// Takes 31 bits of `number`.
  public init(_ number: UInt32) {
    value = number | RequestID.end
  }

  /// Nil when it is not the end of a path.
  init?(wire: UInt32) {
    guard wire & RequestID.end != 0 else { return nil }
    value = wire
  }

  /// The 31 bits that it was made of.
  public var number: UInt32 { value & ~RequestID.end }
}

/// One connection of a socket. No two of a process have the same.
public struct PipeID: Hashable, Sendable {
  private static let last = Atomic<UInt64>(0)
  private let value: UInt64

  public static func next() -> PipeID {
    PipeID(value: last.wrappingAdd(1, ordering: .relaxed).newValue)
  }
}
