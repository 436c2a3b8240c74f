/// A queue in an array that wraps round: constant time at both ends.
public struct RingBuffer<Element> {
  private var storage: [Element?]
  private var head = 0
  public private(set) var count = 0

  public init() {
    storage = Array(repeating: nil, count: 8)
  }

  public var isEmpty: Bool { count == 0 }

  public var first: Element? {
    isEmpty ? nil : storage[head]
  }

  public mutating func append(_ element: Element) {
    if count == storage.count { grow() }
    storage[(head + count) & (storage.count - 1)] = element
    count += 1
  }

  public mutating func popFirst() -> Element? {
    guard count > 0 else { return nil }
    let element = storage[head].take()
    head = (head + 1) & (storage.count - 1)
    count -= 1
    return element
  }

  private mutating func grow() {
    var larger: [Element?] = []
    larger.reserveCapacity(storage.count * 2)
    larger.append(contentsOf: storage[head...])
    larger.append(contentsOf: storage[..<head])
    larger.append(contentsOf: repeatElement(nil, count: storage.count))
    storage = larger
    head = 0
  }
}

extension RingBuffer: Sendable where Element: Sendable {}
