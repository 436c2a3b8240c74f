import Lifecycle
import Logging

/// Looks at attempts whose time for news is over: those that may have left, and those that have been quiet for long. Frees
/// the slots of calls that nothing is heard of any more.
struct AttemptResolver: Sendable {
  let store: DialStore
  let placer: Placer
  let logger: Logger

  private static let batch = 50
  private static let pause = Duration.seconds(1)
  /// Slots are held for minutes; looking for those that lapsed reads all calls that are under way.
  private static let slotPause = Duration.seconds(5)
  /// How long the attempts that were taken are left to this instance.
  private static let leaseSeconds = 30.0

  /// Apart from each other: attempts wait for bridges that do not answer, and slots must not.
  var services: [Rounds] {
    [
      Rounds(
        "lapsed-slots", every: Self.slotPause, logger: logger,
        failure: "slots that are held for too long could not be freed; trying again"
      ) {
        try await store.freeLapsedSlots()
        return false
      },
      Rounds(
        "attempt-resolver", every: Self.pause, logger: logger,
        failure: "unsettled attempts could not be read; trying again"
      ) {
        let attempts = try await store.claimUnsettled(most: Self.batch, seconds: Self.leaseSeconds)
        await withDiscardingTaskGroup { group in
          for attempt in attempts { group.addTask { [placer] in await placer.settle(attempt) } }
        }
        return attempts.count == Self.batch
      },
    ]
  }
}
