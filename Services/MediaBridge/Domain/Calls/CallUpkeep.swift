import Core

/// When a call that still needs something done may be taken up by whoever is free. Pure; real time, because it waits for
/// networks and processes.
struct CallUpkeep: Hashable, Sendable {
  /// How long the request for a call may take, start to end.
  static let requestLimit = Duration.seconds(10)
  /// How long after a call was written down as being asked for the request may still leave. An instance that stood still
  /// for longer must not send it: by then others may have looked for the call in vain and given it up.
  static let leaveLimit = Duration.seconds(5)
  /// After that the instance that asks counts as dead.
  private static let askingLease = Duration.seconds(15)
  /// A call whose fate is not known is looked up this often.
  private static let lookEvery = Duration.seconds(1)
  /// The instance that learned of a call's intent has this long to carry it out.
  private static let intentLease = Duration.seconds(5)
  private static let retry = Backoff(initial: .milliseconds(500), maximum: .seconds(10))

  /// Nil leaves it as it was.
  var lookAfter: Duration?
  /// The provider is asked now.
  var isAsked = false
  /// It said no for now.
  var isTry = false

  /// - Parameters:
  ///   - call: Different calls are tried again at different times, which follow from their ids.
  ///   - tries: How often the provider has said no for now.
  init(_ report: CallReport, _ effects: [CallEffect], of call: CallID, tries: Int) {
    switch report {
    case .asking: (lookAfter, isAsked) = (Self.askingLease, true)
    case .answer(.later):
      var generator = SeededGenerator(seed: call.value.low &+ UInt64(tries))
      (lookAfter, isTry) = (Self.retry.delay(attempt: tries + 1, using: &generator), true)
    case .answer(.unsure): lookAfter = Self.lookEvery
    case .answer(.accepted), .answer(.refused), .answer(.throttled), .notFound, .permitExpired, .numberInUse, .provider,
      .pickedUp, .machineVerdict, .sessionOpened, .sessionClosed, .sessionBroken, .end, .carriedOut, .tooLate,
      .lostTrack:
      break
    }
    if effects.contains(where: { if case .carryOut = $0 { true } else { false } }) { lookAfter = Self.intentLease }
  }
}
