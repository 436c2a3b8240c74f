import Core
import Synchronization

/// Wakes those who wait for news. A ring that nobody waits for is remembered by its number.
final class EventBell: Sendable {
  private let count = Atomic<UInt64>(0)
  private let gate = Gate()

  /// How often it has rung.
  var rings: UInt64 { count.load(ordering: .acquiring) }

  func ring() {
    count.wrappingAdd(1, ordering: .acquiringAndReleasing)
    gate.open()
  }

  /// Returns once it has rung more often than `rings`, when the task is cancelled, or after `limit`.
  func wait(after rings: UInt64, limit: Duration) async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { [self] in await gate.wait { self.rings > rings } }
      // Cancelled when the ring came first.
      group.addTask { try? await Task.sleep(for: limit) }
      await group.next()
      group.cancelAll()
    }
  }
}
