import Synchronization

/// All series of one name: one cell for each combination of label values.
final class MetricFamily<Cell: Sendable>: Sendable {
  let name: String
  let help: String
  let labelNames: [String]
  private let makeCell: @Sendable () -> Cell
  private let cells: Mutex<[[String]: Cell]>

  /// The most series of one family. Whatever comes later is counted together under the label value `other`, so that a
  /// label with unbounded values cannot eat the memory.
  static var seriesLimit: Int { 1_000 }

  init(name: String, help: String, labelNames: [String], makeCell: @escaping @Sendable () -> Cell) {
    self.name = name
    self.help = help
    self.labelNames = labelNames
    self.makeCell = makeCell
    // A family without labels has its one series from the start, so that it is seen before it first moves.
    cells = Mutex(labelNames.isEmpty ? [[]: makeCell()] : [:])
  }

  func cell(_ values: [String]) -> Cell {
    precondition(values.count == labelNames.count, "metric \(name) has the labels \(labelNames)")
    return cells.withLock { cells in
      if let cell = cells[values] { return cell }
      let key = cells.count < MetricFamily.seriesLimit ? values : labelNames.map { _ in "other" }
      if let cell = cells[key] { return cell }
      let cell = makeCell()
      cells[key] = cell
      return cell
    }
  }

  /// Every series, ordered by label values.
  var series: [(values: [String], cell: Cell)] {
    cells.withLock { cells in
      cells.map { (values: $0.key, cell: $0.value) }
    }.sorted { $0.values.lexicographicallyPrecedes($1.values) }
  }
}

/// A double that many threads change.
final class AtomicNumber: Sendable {
  private let bits = Atomic<UInt64>(0)

  var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }

  func store(_ value: Double) {
    bits.store(value.bitPattern, ordering: .relaxed)
  }

  func add(_ amount: Double) {
    var current = bits.load(ordering: .relaxed)
    while true {
      let sum = (Double(bitPattern: current) + amount).bitPattern
      let (exchanged, original) = bits.weakCompareExchange(expected: current, desired: sum, ordering: .relaxed)
      if exchanged { return }
      current = original
    }
  }
}
