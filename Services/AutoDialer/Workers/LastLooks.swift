import Lifecycle

/// Looks at the do-not-call lists once more, just before the bridge is asked for a call: what was committed by then
/// counts, however long ago the call was permitted. Answers what forbids the call now, nil when nothing does; when nobody
/// can say, it throws, and the call must not be asked for.
typealias LastLooks = RequestBatcher<DialStore.IntendedDial, DoNotCallEntry?>

extension LastLooks {
  convenience init(store: DialStore) {
    self.init(name: "last-looks", most: 500, pace: .milliseconds(4)) { dials in
      try await store.lastLook(dials).map { .success($0) }
    }
  }
}
