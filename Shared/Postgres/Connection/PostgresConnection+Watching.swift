internal import CPostgres
import Glibc
import Synchronization

/// Who waits for the socket.
///
/// The reactor's thread does, and resumes the caller: one wake-up more than a program in C has, which is most of the
/// price of a short statement. So when a caller is alone it waits at the socket itself, for a few milliseconds at most.
/// That holds up one thread of the cooperative pool for as long as writing a file does. What takes longer goes to the
/// reactor, and after a few answers that were not quick nobody tries for a while.
///
/// The limit is coarse on purpose: one below the kernel's tick has the timer programmed for each wait, which costs more
/// than the statement (p50 of a select by key on one machine: 18 µs in C, 27 with 10 ms, 41 with 100 µs).
extension PostgresConnection {
  /// How long a caller waits at the socket.
  private static let briefMilliseconds: Int32 = 5
  /// An answer within this, and so much more for each statement, was worth the wait.
  private static let quickAnswer: Duration = .microseconds(200)
  private static let quickStatement: Duration = .microseconds(10)
  /// Not quick so often means that the server is far or slow.
  private static let vainLimit = 4
  /// Then only each so-many-th operation tries.
  private static let vainInterval: UInt64 = 32

  /// Tells the reactor whether to read.
  func watch(_ state: inout State, forReading: Bool) {
    // Once the handle is gone its descriptor's number may be another connection's.
    guard state.handle != nil, state.isWatchedForReading != forReading else { return }
    state.isWatchedForReading = forReading
    reactor.watch(descriptor, token: state.token, reading: forReading, writing: state.watchesWriting)
  }

  /// Tells the reactor whether to send.
  func watch(_ state: inout State, forWriting: Bool) {
    guard state.handle != nil, state.watchesWriting != forWriting else { return }
    state.watchesWriting = forWriting
    reactor.watch(descriptor, token: state.token, reading: state.isWatchedForReading, writing: forWriting)
  }

  /// Lets the caller read the socket, if nobody else in the process has an operation under way.
  func beginReading(_ state: inout State) -> Bool {
    guard !state.isReadByCaller, state.operations.count == 1, reactor.operationsUnderWay == 1,
      state.vainWaits < PostgresConnection.vainLimit || state.nextOperation % PostgresConnection.vainInterval == 0
    else { return false }
    state.isReadByCaller = true
    watch(&state, forReading: false)
    return true
  }

  /// Reads until `answer` is known or the time is up, then leaves the socket to the reactor.
  func readBriefly(for answer: Answer, statements: Int) {
    let start = ContinuousClock.now
    let deadline = start + .milliseconds(Int(PostgresConnection.briefMilliseconds))
    var isKnown = false
    while !isKnown, ContinuousClock.now < deadline {
      var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      guard Glibc.poll(&poll, 1, PostgresConnection.briefMilliseconds) > 0 else { break }
      socketIsReady(readable: true, writable: false)
      isKnown = answer.known != nil
    }
    let limit = PostgresConnection.quickAnswer + PostgresConnection.quickStatement * statements
    let isQuick = answer.known != nil && ContinuousClock.now < start + limit
    state.withLock { state in
      state.isReadByCaller = false
      state.vainWaits = isQuick ? 0 : state.vainWaits + 1
      // At rest it stays with the caller, who likely sends the next statement soon; `tick` sees to it otherwise.
      if !state.operations.isEmpty { watch(&state, forReading: true) }
    }
  }
}
