/// A number that only grows. Label values come in the order of the names it was declared with.
public struct Counter: Sendable {
  let family: MetricFamily<AtomicNumber>

  /// One series of a counter, found once and kept where it is counted often.
  public struct Series: Sendable {
    fileprivate let cell: AtomicNumber

    /// `amount` must not be negative.
    public func increment(by amount: Double = 1) {
      precondition(amount >= 0, "a counter only grows")
      cell.add(amount)
    }

    public var value: Double { cell.value }
  }

  public func series(_ labels: String...) -> Series { Series(cell: family.cell(labels)) }
  public func increment(_ labels: String...) { family.cell(labels).add(1) }

  /// `amount` must not be negative.
  public func increment(by amount: Double, _ labels: String...) {
    Series(cell: family.cell(labels)).increment(by: amount)
  }

  /// `amount` must not be negative.
  public func increment(by amount: Int, _ labels: String...) {
    Series(cell: family.cell(labels)).increment(by: Double(amount))
  }

  public func value(_ labels: String...) -> Double { family.cell(labels).value }
}
