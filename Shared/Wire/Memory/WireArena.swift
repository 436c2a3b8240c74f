internal import CProtobuf
internal import Glibc

/// Memory in which protobuf-c unpacks one message, or in which one is laid out to be packed: entered before, left
/// after, and never kept. It belongs to the thread, so nothing may suspend in between; entering again inside is fine.
///
/// For generated code. C structs are passed as raw pointers, so that no C type is part of this module's interface.
package struct WireArena {
  private let state: UnsafeMutablePointer<ArenaState>
  private let mark: ArenaMark

  /// What decoding may take: a generous multiple of the input and no more, because two bytes of a repeated message
  /// field ask for a whole struct. Real messages take 2 to 10 times their size; only tens of thousands of empty
  /// elements reach the limit.
  package static func limit(for inputSize: Int) -> Int {
    (1 << 20) + 48 * min(inputSize, Int.max / 128)
  }

  /// An arena for encoding, without a limit.
  package static func enter() -> WireArena { WireArena(budget: .max) }

  /// An arena for decoding these bytes.
  package static func enter(limitFor bytes: UnsafeRawBufferPointer) -> WireArena {
    WireArena(budget: limit(for: bytes.count))
  }

  private init(budget: Int) {
    state = ArenaState.ofThisThread
    mark = ArenaMark(
      cursor: state.pointee.cursor, end: state.pointee.end, chunk: state.pointee.chunk, large: state.pointee.large,
      budget: state.pointee.budget)
    state.pointee.budget = budget
    state.pointee.isExhausted = false
  }

  /// Frees everything taken since `enter`.
  package func leave() { state.pointee.release(to: mark) }

  /// Unpacks a message of the type of `model`, an initialised C struct. (protoc-c gives nested types no unpack function
  /// of their own, and its descriptors are globals that Swift cannot read safely: the struct points at its own.)
  package func unpack(_ bytes: UnsafeRawBufferPointer, like model: UnsafeMutableRawPointer, _ fullName: String)
    throws(WireError) -> UnsafeMutableRawPointer
  {
    let descriptor = model.assumingMemoryBound(to: ProtobufCMessage.self).pointee.descriptor
    let start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
    let allocator = UnsafeMutableRawPointer(state).assumingMemoryBound(to: ProtobufCAllocator.self)
    if let message = protobuf_c_message_unpack(descriptor, allocator, bytes.count, start) {
      return UnsafeMutableRawPointer(message)
    }
    if state.pointee.isExhausted {
      throw WireError(message: "\(fullName): takes far more memory than its size on the wire explains")
    }
    throw WireError(message: "\(fullName): malformed bytes")
  }

  /// Uninitialised memory for `count` C values.
  @inlinable package func new<T>(_: T.Type, _ count: Int = 1) -> UnsafeMutablePointer<T> {
    take(MemoryLayout<T>.stride * count).bindMemory(to: T.self, capacity: count)
  }

  /// Uninitialised memory, aligned to eight.
  package func take(_ size: Int) -> UnsafeMutableRawPointer {
    let block =
      size < ArenaState.largeBlockSize ? state.pointee.bump(size) : state.pointee.allocate(size)
    return ArenaState.checked(block)
  }

  /// The string as C has it. U+FFFD stands for NUL, which would end it.
  package func string(_ string: String) -> UnsafeMutablePointer<CChar> {
    var string = string
    return string.withUTF8 { utf8 in
      let copy = take(utf8.count + 1)
      if let start = utf8.baseAddress {
        if memchr(start, 0, utf8.count) != nil { return self.string(String(replacingNULIn: utf8)) }
        copy.copyMemory(from: start, byteCount: utf8.count)
      }
      copy.storeBytes(of: 0, toByteOffset: utf8.count, as: UInt8.self)
      return copy.assumingMemoryBound(to: CChar.self)
    }
  }

  /// The elements, copied. Elements are plain numbers.
  @inlinable package func copy<T>(_ elements: [T]) -> UnsafeMutablePointer<T> {
    let copy = new(T.self, elements.count)
    elements.withUnsafeBufferPointer { source in
      if let start = source.baseAddress { copy.initialize(from: start, count: source.count) }
    }
    return copy
  }

  /// Gives a laid-out message its unknown fields. They go in as one: protobuf-c writes a tag and then bytes as they
  /// are, so what follows the first tag may be all the rest.
  package func attach(_ fields: UnknownFields, to message: UnsafeMutableRawPointer) {
    guard let tag = WireVarint.read(fields.bytes[...]) else { return }
    let field = new(ProtobufCMessageUnknownField.self)
    let data = fields.bytes[tag.end...]
    field.pointee.tag = UInt32(truncatingIfNeeded: tag.value >> 3)
    field.pointee.wire_type = ProtobufCWireType(rawValue: UInt32(tag.value & 7))
    field.pointee.len = data.count
    field.pointee.data = copy(Array(data))
    let base = message.assumingMemoryBound(to: ProtobufCMessage.self)
    base.pointee.n_unknown_fields = 1
    base.pointee.unknown_fields = field
  }

  /// The wire format of a laid-out message.
  package func packed(_ message: UnsafeMutableRawPointer) -> [UInt8] {
    let base = message.assumingMemoryBound(to: ProtobufCMessage.self)
    let size = protobuf_c_message_get_packed_size(base)
    if size == 0 { return [] }
    return [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      count = protobuf_c_message_pack(base, buffer.baseAddress)
    }
  }

  package func append(_ message: UnsafeMutableRawPointer, to bytes: inout [UInt8]) {
    let base = message.assumingMemoryBound(to: ProtobufCMessage.self)
    let size = protobuf_c_message_get_packed_size(base)
    if size == 0 { return }
    let packed = new(UInt8.self, size)
    bytes.append(contentsOf: UnsafeBufferPointer(start: packed, count: protobuf_c_message_pack(base, packed)))
  }
}

extension String {
  /// The text with U+FFFD in place of NUL.
  fileprivate init(replacingNULIn utf8: UnsafeBufferPointer<UInt8>) {
    self.init(decoding: utf8.lazy.flatMap { $0 == 0 ? [0xEF, 0xBF, 0xBD] : [$0] }, as: UTF8.self)
  }
}

/// Base-128 numbers.
enum WireVarint {
  static func append(_ value: UInt64, to bytes: inout [UInt8]) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  /// The first number and the index after it; nil when there is none.
  static func read(_ bytes: ArraySlice<UInt8>) -> (value: UInt64, end: Int)? {
    var value: UInt64 = 0
    for (offset, byte) in bytes.prefix(10).enumerated() {
      value |= UInt64(byte & 0x7F) << UInt64(7 * offset)
      if byte < 0x80 { return (value, bytes.startIndex + offset + 1) }
    }
    return nil
  }
}
