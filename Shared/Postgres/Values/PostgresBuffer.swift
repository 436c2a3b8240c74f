import Glibc

/// Bytes of values on their way to the server, in network byte order.
///
/// Lives in memory of its own: appending to an `Array` costs several times as much, and COPY is made of it. Copies share
/// the bytes; it is only ever lent.
public struct PostgresBuffer: @unchecked Sendable {
  // Sendable: filled by one task at a time, and read only afterwards.

  @usableFromInline struct Header {
    @usableFromInline var base: UnsafeMutableRawPointer
    @usableFromInline var count: Int
    @usableFromInline var capacity: Int

    @usableFromInline init(capacity: Int) {
      base = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 1)
      count = 0
      self.capacity = capacity
    }
  }

  /// Frees the memory with the last copy.
  @usableFromInline final class Owner {
    @usableFromInline let header: UnsafeMutablePointer<Header>

    init(capacity: Int) {
      header = .allocate(capacity: 1)
      header.initialize(to: Header(capacity: capacity))
    }

    deinit {
      header.pointee.base.deallocate()
      header.deallocate()
    }
  }

  /// A pointer, because the fields of a class are guarded on each access.
  @usableFromInline let header: UnsafeMutablePointer<Header>
  @usableFromInline let owner: Owner

  init(capacity: Int = 256) {
    owner = Owner(capacity: capacity)
    header = owner.header
  }

  @inlinable public var count: Int { header.pointee.count }

  @inlinable public mutating func append(byte: UInt8) {
    reserve(1)
    header.pointee.base.storeBytes(of: byte, toByteOffset: header.pointee.count, as: UInt8.self)
    header.pointee.count += 1
  }

  @inlinable public mutating func append<T: FixedWidthInteger & BitwiseCopyable>(_ value: T) {
    reserve(MemoryLayout<T>.size)
    header.pointee.base.storeBytes(of: value.bigEndian, toByteOffset: header.pointee.count, as: T.self)
    header.pointee.count += MemoryLayout<T>.size
  }

  @inlinable public mutating func append(_ content: UnsafeRawBufferPointer) {
    guard let start = content.baseAddress, !content.isEmpty else { return }
    reserve(content.count)
    (header.pointee.base + header.pointee.count).copyMemory(from: start, byteCount: content.count)
    header.pointee.count += content.count
  }

  @inlinable public mutating func append(_ content: [UInt8]) {
    content.withUnsafeBytes { append($0) }
  }

  @inlinable public mutating func append(utf8 text: String) {
    var text = text
    text.withUTF8 { append(UnsafeRawBufferPointer($0)) }
  }

  /// Appends a length word and what `body` appends, as every value in COPY and in arrays goes.
  mutating func appendCounted(_ body: (inout PostgresBuffer) -> Void) {
    let start = count
    append(Int32(0))
    body(&self)
    patch(Int32(truncatingIfNeeded: count - start - 4), at: start)
  }

  /// Overwrites the word at `offset`, which was appended before.
  @inlinable mutating func patch(_ value: Int32, at offset: Int) {
    header.pointee.base.storeBytes(of: value.bigEndian, toByteOffset: offset, as: Int32.self)
  }

  @inlinable mutating func reserve(_ bytes: Int) {
    if header.pointee.count + bytes > header.pointee.capacity { grow(bytes) }
  }

  @usableFromInline mutating func grow(_ bytes: Int) {
    var larger = Header(capacity: max(header.pointee.capacity * 2, header.pointee.count + bytes))
    larger.base.copyMemory(from: header.pointee.base, byteCount: header.pointee.count)
    larger.count = header.pointee.count
    header.pointee.base.deallocate()
    header.pointee = larger
  }

  mutating func removeAll() {
    header.pointee.count = 0
  }

  func withUnsafeBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
    defer { withExtendedLifetime(owner) {} }
    return try body(UnsafeRawBufferPointer(start: header.pointee.base, count: header.pointee.count))
  }
}
