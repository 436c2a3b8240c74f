import Core
import Synchronization

/// What is going to happen, by business time; what is due at the same instant happens in the order in which it was put
/// in.
final class Agenda: Sendable {
  typealias Body = @Sendable () async -> Void

  struct Entry: Sendable {
    var at: Instant
    var order: UInt64
    var label: String
    var body: Body

    func isBefore(_ other: Entry) -> Bool { (at, order) < (other.at, other.order) }
  }

  private struct State {
    var heap: [Entry] = []
    var order: UInt64 = 0
  }

  private let state = Mutex(State())

  func add(_ at: Instant, _ label: String, _ body: @escaping Body) {
    state.withLock { state in
      state.order += 1
      state.heap.append(Entry(at: at, order: state.order, label: label, body: body))
      var child = state.heap.count - 1
      while child > 0, state.heap[child].isBefore(state.heap[(child - 1) / 2]) {
        state.heap.swapAt(child, (child - 1) / 2)
        child = (child - 1) / 2
      }
    }
  }

  /// Takes out what is first.
  func next() -> Entry? {
    state.withLock { state in
      guard let first = state.heap.first else { return nil }
      let last = state.heap.removeLast()
      guard !state.heap.isEmpty else { return first }
      state.heap[0] = last
      var parent = 0
      while true {
        let children = (2 * parent + 1...2 * parent + 2).filter { $0 < state.heap.count }
        guard let least = children.min(by: { state.heap[$0].isBefore(state.heap[$1]) }),
          state.heap[least].isBefore(state.heap[parent])
        else { return first }
        state.heap.swapAt(parent, least)
        parent = least
      }
    }
  }
}

/// Work that a service looks for again and again: soon when there is news, ever more seldom while there is none.
final class Poller: Sendable {
  let label: String
  /// To the next look after one that found something, or after news.
  let soon: ClosedRange<Double>
  /// The longest pause; nil: without news it does not look at all.
  let longest: Duration?
  /// Looks once; true when it found something.
  let look: @Sendable () async -> Bool

  private struct State {
    var dueAt: Instant?
    var pause: Duration = .seconds(3)
    var ticket: UInt64 = 0
  }

  private let state = Mutex(State())

  init(
    _ label: String, soon: ClosedRange<Double>, longest: Duration?, _ look: @escaping @Sendable () async -> Bool
  ) {
    self.label = label
    self.soon = soon
    self.longest = longest
    self.look = look
  }

  /// Sees to it that the next look is in `pause` at the latest.
  func wake(in pause: Duration, _ agenda: Agenda, _ clock: ManualClock, _ draws: Draws) {
    schedule(clock.now() + pause, resets: true, agenda, clock, draws)
  }

  private func schedule(_ at: Instant, resets: Bool, _ agenda: Agenda, _ clock: ManualClock, _ draws: Draws) {
    let ticket: UInt64? = state.withLock { state in
      if resets { state.pause = .seconds(3) }
      if let dueAt = state.dueAt, dueAt <= at { return nil }
      state.dueAt = at
      state.ticket += 1
      return state.ticket
    }
    guard let ticket else { return }
    agenda.add(at, label) { [self] in
      let isDue = state.withLock { state in
        guard state.ticket == ticket else { return false }
        state.dueAt = nil
        return true
      }
      guard isDue else { return }
      if await look() {
        wake(in: draws.seconds(soon), agenda, clock, draws)
      } else if let longest {
        let pause = state.withLock { state in
          state.pause = min(longest, .microseconds(state.pause.microseconds * 4))
          return state.pause
        }
        schedule(clock.now() + max(pause, draws.seconds(soon)), resets: false, agenda, clock, draws)
      }
    }
  }
}
