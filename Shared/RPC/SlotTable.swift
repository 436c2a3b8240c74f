/// Objects by ids that are never used twice: a slot number below a generation. Insert, find and remove take constant
/// time without hashing.
struct SlotTable<Element> {
  private struct Slot {
    var id: UInt64
    var element: Element?
  }

  /// Room for 16 million at once, and 2^40 generations of each slot.
  private static var indexBits: UInt64 { 24 }

  private var slots: [Slot] = []
  private var free: [Int] = []

  var count: Int { slots.count - free.count }
  var isEmpty: Bool { count == 0 }

  /// Returns the id, which is not zero.
  mutating func insert(_ element: Element) -> UInt64 {
    if let index = free.popLast() {
      let id = slots[index].id &+ (1 << SlotTable.indexBits)
      slots[index] = Slot(id: id, element: element)
      return id
    }
    precondition(slots.count < 1 << SlotTable.indexBits, "the number of outstanding calls is limited")
    let id = 1 << SlotTable.indexBits | UInt64(slots.count)
    slots.append(Slot(id: id, element: element))
    return id
  }

  /// Removes and returns what has the id; nil when it is gone.
  mutating func remove(_ id: UInt64) -> Element? {
    let index = Int(id & (1 << SlotTable.indexBits - 1))
    guard index < slots.count, slots[index].id == id, let element = slots[index].element else { return nil }
    slots[index].element = nil
    free.append(index)
    return element
  }

  /// Everything in the table, in no particular order.
  var elements: [Element] { slots.compactMap(\.element) }

  /// Removes what matches and returns it.
  mutating func removeAll(where matches: (Element) -> Bool) -> [Element] {
    var removed: [Element] = []
    for index in slots.indices {
      if let element = slots[index].element, matches(element) {
        slots[index].element = nil
        free.append(index)
        removed.append(element)
      }
    }
    return removed
  }
}
