internal import CPostgres
import Glibc
import Synchronization

/// Who waits for the socket.
///
/// The reactor's thread does, and resumes the caller: one wake-up more than a program in C has, which is most of the
/// price of a short statement. So when a caller is alone it waits at the socket itself, for about as long as a wake-up
/// takes (measured, a select by key: 13 µs in C, 17 with this, 24 without). That holds up a thread of the cooperative
/// pool for as long as writing a file does; a statement that takes longer goes to the reactor, and after a few of those
/// nobody tries for a while.
extension PostgresConnection {
  /// Statements of a batch that may be quick.
  static let shortBatch = 4
  /// How long a caller waits at the socket. The kernel may add as much again.
  private static let briefNanoseconds = 100_000
  /// In vain so often means that the server is far or slow.
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
  func readBriefly(for answer: Answer) {
    // On one processor the server may have answered already, before `send` returned.
    socketIsReady(readable: true, writable: false)
    var isKnown = answer.known != nil
    if !isKnown {
      let deadline = ContinuousClock.now + .nanoseconds(PostgresConnection.briefNanoseconds)
      var left = PostgresConnection.briefNanoseconds
      while left > 0, !isKnown {
        var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        var limit = timespec(tv_sec: 0, tv_nsec: left)
        guard ppoll(&poll, 1, &limit, nil) > 0 else { break }
        socketIsReady(readable: true, writable: false)
        isKnown = answer.known != nil
        left = Int(ContinuousClock.now.duration(to: deadline) / .nanoseconds(1))
      }
    }
    state.withLock { state in
      state.isReadByCaller = false
      state.vainWaits = isKnown ? 0 : state.vainWaits + 1
      // At rest it stays with the caller, who likely sends the next statement soon; `tick` sees to it otherwise.
      if !state.operations.isEmpty { watch(&state, forReading: true) }
    }
  }
}
