import Core
import Synchronization

/// How measurements are spread over buckets. Label values come in the order of the names it was declared with.
public struct Histogram: Sendable {
  let family: MetricFamily<HistogramCell>

  /// One series of a histogram, found once and kept where it is measured often.
  public struct Series: Sendable {
    fileprivate let cell: HistogramCell

    public func observe(_ value: Double) { cell.observe(value) }

    /// In seconds.
    public func observe(_ duration: Duration) { cell.observe(duration.inSeconds) }
  }

  public func series(_ labels: String...) -> Series { Series(cell: family.cell(labels)) }
  public func observe(_ value: Double, _ labels: String...) { family.cell(labels).observe(value) }

  /// In seconds.
  public func observe(_ duration: Duration, _ labels: String...) { family.cell(labels).observe(duration.inSeconds) }

  public func count(_ labels: String...) -> Int { family.cell(labels).snapshot.count }
  public func sum(_ labels: String...) -> Double { family.cell(labels).snapshot.sum }

  /// Upper bounds in seconds for what takes from 0.1 ms to 10 s.
  public static let latencyBuckets: [Double] = [
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
  ]
}

final class HistogramCell: Sendable {
  struct Snapshot {
    /// Measurements by bucket, not cumulative; the last are those above every bound.
    var counts: [Int]
    var sum = 0.0
    var count: Int { counts.reduce(0, +) }
  }

  let bounds: [Double]
  private let state: Mutex<Snapshot>

  init(bounds: [Double]) {
    self.bounds = bounds
    state = Mutex(Snapshot(counts: Array(repeating: 0, count: bounds.count + 1)))
  }

  var snapshot: Snapshot { state.withLock { $0 } }

  func observe(_ value: Double) {
    var low = 0
    var high = bounds.count
    while low < high {
      let middle = (low + high) / 2
      if value <= bounds[middle] { high = middle } else { low = middle + 1 }
    }
    state.withLock { state in
      state.counts[low] += 1
      state.sum += value
    }
  }
}
