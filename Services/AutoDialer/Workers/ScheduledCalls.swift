import Core
import Lifecycle
import RingmasterMessages

/// Takes in single calls that people and other systems ask for. A transaction costs a dozen round trips however many it is
/// for, so what was asked for meanwhile shares the next one.
typealias ScheduledCalls = RequestBatcher<DialStore.WishedCall, ScheduledCall>

extension ScheduledCalls {
  convenience init(store: DialStore, clock: any BusinessClock) {
    self.init(name: "scheduled-calls", most: 200, pace: .milliseconds(50)) { wishes in
      await store.schedule(wishes, now: clock.now())
    }
  }
}
