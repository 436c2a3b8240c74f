internal import CProtobuf
internal import Glibc

/// One thread's memory for protobuf-c: a chunk that is bumped through and kept, and what a large message needs beyond
/// it, given back afterwards.
///
/// Each block is preceded by its size in eight bytes. That is how `WireDecoding` knows the length of a string, which
/// protobuf-c does not keep: a block for a string is one byte longer than the string.
struct ArenaState {
  /// What protobuf-c is given; its data points at this state.
  var allocator: ProtobufCAllocator
  /// The next free byte of the current chunk, and its end.
  var cursor: UnsafeMutableRawPointer
  var end: UnsafeMutableRawPointer
  /// Start of the current chunk, which begins with a pointer to the one before.
  var chunk: UnsafeMutableRawPointer
  /// The newest of the large blocks.
  var large: UnsafeMutablePointer<LargeBlock>?
  /// What may still be taken.
  var budget = 0
  /// Whether anything was refused for lack of budget.
  var isExhausted = false

  /// Kept by each thread that ever encoded or decoded.
  static let firstChunkSize = 16 << 10
  static let nextChunkSize = 64 << 10
  /// From here on a block has its own malloc, so that protobuf-c's temporary tables are really freed.
  static let largeBlockSize = 4 << 10
  static let sizeOfSize = MemoryLayout<Int>.size
  private static let chunkHeaderSize = 16

  struct LargeBlock {
    var previous: UnsafeMutablePointer<LargeBlock>?
    var next: UnsafeMutablePointer<LargeBlock>?
    var padding = 0
    /// Last, so that it stands right before the bytes as in small blocks.
    var size: Int
  }

  /// The state of the calling thread, made on first use and freed when the thread ends.
  static var ofThisThread: UnsafeMutablePointer<ArenaState> {
    if let known = pthread_getspecific(key) { return known.assumingMemoryBound(to: ArenaState.self) }
    let chunk = checked(malloc(firstChunkSize))
    chunk.storeBytes(of: nil, as: UnsafeMutableRawPointer?.self)
    let state = UnsafeMutablePointer<ArenaState>.allocate(capacity: 1)
    state.initialize(
      to: ArenaState(
        allocator: ProtobufCAllocator(alloc: arenaAllocate, free: arenaFree, allocator_data: state),
        cursor: chunk + chunkHeaderSize, end: chunk + firstChunkSize, chunk: chunk))
    precondition(pthread_setspecific(key, state) == 0, "no memory for a thread's own data")
    return state
  }

  private static let key: pthread_key_t = {
    var key = pthread_key_t()
    precondition(pthread_key_create(&key, arenaThreadDidEnd) == 0, "no key for threads' own data is left")
    return key
  }()

  static func checked(_ pointer: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer {
    guard let pointer else { preconditionFailure("out of memory") }
    return pointer
  }

  /// Takes `size` bytes, aligned to eight, from the current chunk or a new one. `size` is small.
  mutating func bump(_ size: Int) -> UnsafeMutableRawPointer? {
    let size = (size + 7) & ~7
    if end - cursor < size {
      guard let next = malloc(max(Self.nextChunkSize, size + Self.chunkHeaderSize)) else { return nil }
      next.storeBytes(of: chunk, as: UnsafeMutableRawPointer?.self)
      chunk = next
      cursor = next + Self.chunkHeaderSize
      end = next + max(Self.nextChunkSize, size + Self.chunkHeaderSize)
    }
    let block = cursor
    cursor += size
    return block
  }

  /// A block with its size before it; nil when the budget is used up or there is no memory.
  mutating func allocate(_ size: Int) -> UnsafeMutableRawPointer? {
    guard size >= 0, size <= budget else {
      isExhausted = true
      return nil
    }
    if size >= Self.largeBlockSize { return allocateLarge(size) }
    guard let block = bump(size + Self.sizeOfSize) else { return nil }
    budget -= size + Self.sizeOfSize
    block.storeBytes(of: size, as: Int.self)
    return block + Self.sizeOfSize
  }

  private mutating func allocateLarge(_ size: Int) -> UnsafeMutableRawPointer? {
    guard let raw = malloc(size + MemoryLayout<LargeBlock>.size) else { return nil }
    let block = raw.bindMemory(to: LargeBlock.self, capacity: 1)
    block.initialize(to: LargeBlock(previous: large, next: nil, size: size))
    large?.pointee.next = block
    large = block
    budget -= size
    return raw + MemoryLayout<LargeBlock>.size
  }

  /// Gives a large block back; small ones wait for the arena to be left.
  mutating func free(_ pointer: UnsafeMutableRawPointer) {
    let size = (pointer - Self.sizeOfSize).load(as: Int.self)
    guard size >= Self.largeBlockSize else { return }
    let block = (pointer - MemoryLayout<LargeBlock>.size).assumingMemoryBound(to: LargeBlock.self)
    block.pointee.previous?.pointee.next = block.pointee.next
    block.pointee.next?.pointee.previous = block.pointee.previous
    if large == block { large = block.pointee.previous }
    Glibc.free(block)
    budget += size
  }

  /// Frees everything that came after the mark.
  mutating func release(to mark: ArenaMark) {
    while let block = large, block != mark.large {
      large = block.pointee.previous
      Glibc.free(block)
    }
    large?.pointee.next = nil
    while chunk != mark.chunk, let previous = chunk.load(as: UnsafeMutableRawPointer?.self) {
      Glibc.free(chunk)
      chunk = previous
    }
    cursor = mark.cursor
    end = mark.end
    budget = mark.budget
  }
}

/// Where an arena stood when it was entered.
struct ArenaMark {
  var cursor: UnsafeMutableRawPointer
  var end: UnsafeMutableRawPointer
  var chunk: UnsafeMutableRawPointer
  var large: UnsafeMutablePointer<ArenaState.LargeBlock>?
  var budget: Int
}

// protobuf-c hands back the data pointer it was given: the state of the thread that it runs on.

private func arenaAllocate(_ data: UnsafeMutableRawPointer?, _ size: Int) -> UnsafeMutableRawPointer? {
  data?.assumingMemoryBound(to: ArenaState.self).pointee.allocate(size)
}

private func arenaFree(_ data: UnsafeMutableRawPointer?, _ pointer: UnsafeMutableRawPointer?) {
  guard let data, let pointer else { return }
  data.assumingMemoryBound(to: ArenaState.self).pointee.free(pointer)
}

private func arenaThreadDidEnd(_ data: UnsafeMutableRawPointer?) {
  guard let state = data?.assumingMemoryBound(to: ArenaState.self) else { return }
  free(state.pointee.chunk)
  state.deallocate()
}
