/// A method that a server answers.
final class ServedMethod: Sendable {
  let descriptor: MethodDescriptor
  let service: any RPCService
  let metrics: MethodMetrics
  /// Answered while the server drains, and not counted against its limits.
  let isBuiltIn: Bool

  init(_ descriptor: MethodDescriptor, _ service: any RPCService, _ metrics: MethodMetrics, isBuiltIn: Bool) {
    self.descriptor = descriptor
    self.service = service
    self.metrics = metrics
    self.isBuiltIn = isBuiltIn
  }
}

/// Finds a method by the bytes of its full name, without making a string of them.
struct MethodTable: Sendable {
  private struct Entry: Sendable {
    var name: [UInt8]
    var method: ServedMethod
  }

  private var buckets: [[Entry]]

  /// Two methods of the same name are a programmer's error.
  init(_ methods: [ServedMethod]) {
    buckets = Array(repeating: [], count: max(16, methods.count * 2))
    for method in methods {
      let name = Array(method.descriptor.fullName.utf8)
      let isNew = name.withUnsafeBytes { find($0) == nil }
      precondition(isNew, "\(method.descriptor.fullName) is served twice")
      let index = name.withUnsafeBytes { bucket(of: $0) }
      buckets[index].append(Entry(name: name, method: method))
    }
  }

  func find(_ name: UnsafeRawBufferPointer) -> ServedMethod? {
    for entry in buckets[bucket(of: name)] where entry.name.count == name.count {
      if entry.name.withUnsafeBytes({ $0.elementsEqual(name) }) {
        return entry.method
      }
    }
    return nil
  }

  /// Methods are few and told apart by their ends; a peer that sends colliding names finds short buckets anyway.
  private func bucket(of name: UnsafeRawBufferPointer) -> Int {
    var hash = UInt64(name.count)
    for byte in name.suffix(12) {
      hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
    }
    return Int((hash >> 20) % UInt64(buckets.count))
  }
}
