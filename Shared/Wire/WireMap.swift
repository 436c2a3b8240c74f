/// Keys of map fields in the order in which they are encoded, so that equal messages have equal bytes.
package enum WireMap {
  @inlinable package static func sortedKeys<Key: Comparable, Value>(_ map: [Key: Value]) -> [Key] {
    map.keys.sorted()
  }

  package static func sortedKeys<Value>(_ map: [Bool: Value]) -> [Bool] {
    [false, true].filter { map[$0] != nil }
  }
}
