/// A number that goes up and down. Label values come in the order of the names it was declared with.
public struct Gauge: Sendable {
  let family: MetricFamily<AtomicNumber>

  /// One series of a gauge, found once and kept where it is changed often.
  public struct Series: Sendable {
    fileprivate let cell: AtomicNumber

    public func set(_ value: Double) { cell.store(value) }
    public func set(_ value: Int) { cell.store(Double(value)) }
    public func add(_ amount: Double) { cell.add(amount) }
    public func increment() { cell.add(1) }
    public func decrement() { cell.add(-1) }
    public var value: Double { cell.value }
  }

  public func series(_ labels: String...) -> Series { Series(cell: family.cell(labels)) }
  public func set(_ value: Double, _ labels: String...) { family.cell(labels).store(value) }
  public func set(_ value: Int, _ labels: String...) { family.cell(labels).store(Double(value)) }
  public func add(_ amount: Double, _ labels: String...) { family.cell(labels).add(amount) }
  public func increment(_ labels: String...) { family.cell(labels).add(1) }
  public func decrement(_ labels: String...) { family.cell(labels).add(-1) }
  public func value(_ labels: String...) -> Double { family.cell(labels).value }
}
