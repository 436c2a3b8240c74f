/// Bytes received and not yet dealt with, in memory that stays where it is while a read fills it. Belongs to one task at
/// a time.
final class ReadBuffer {
  private var base: UnsafeMutableRawPointer
  private(set) var capacity: Int
  private var start = 0
  private var end = 0

  init(capacity: Int) {
    base = .allocate(byteCount: capacity, alignment: 16)
    self.capacity = capacity
  }

  deinit {
    base.deallocate()
  }

  var count: Int { end - start }
  var isEmpty: Bool { start == end }

  /// Valid until the buffer is next changed.
  var readable: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: base + start, count: end - start)
  }

  /// For changing bytes in place; valid until the buffer is next changed.
  var mutableReadable: UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(start: base + start, count: end - start)
  }

  func consume(_ count: Int) {
    precondition(count <= end - start)
    start += count
    if start == end {
      start = 0
      end = 0
    }
  }

  /// Room for at least `count` more bytes, made by moving what is there to the front and by growing. Valid until the
  /// buffer is next changed.
  func space(atLeast count: Int) -> UnsafeMutableRawBufferPointer {
    if capacity - end < count {
      let used = end - start
      if capacity - used >= count {
        base.copyMemory(from: base + start, byteCount: used)
      } else {
        let grown = max(capacity * 2, used + count)
        let memory = UnsafeMutableRawPointer.allocate(byteCount: grown, alignment: 16)
        memory.copyMemory(from: base + start, byteCount: used)
        base.deallocate()
        base = memory
        capacity = grown
      }
      start = 0
      end = used
    }
    return UnsafeMutableRawBufferPointer(start: base + end, count: capacity - end)
  }

  /// The first `count` bytes of the space given out are now filled.
  func commit(_ count: Int) {
    precondition(count <= capacity - end)
    end += count
  }

  /// The first bytes, taken out as an array.
  func take(_ count: Int) -> [UInt8] {
    let bytes = [UInt8](UnsafeRawBufferPointer(rebasing: readable.prefix(count)))
    consume(bytes.count)
    return bytes
  }
}
