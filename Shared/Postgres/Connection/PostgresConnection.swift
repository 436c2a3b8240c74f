internal import CPostgres
import Core
import Dispatch
import Glibc
import Synchronization

/// One connection to the server.
///
/// Callers' threads send, under the lock and without blocking; the reactor's thread receives. Statements are always
/// sent in libpq's pipeline mode, so that what several tasks queue is on its way at once. A connection that failed stays
/// failed: reconnecting means a new one.
final class PostgresConnection: Sendable {
  struct State {
    var handle: OpaquePointer?
    var token: UInt64 = 0
    var operations: [Operation] = []
    var nextOperation: UInt64 = 1
    var prepared = PreparedStatements()
    /// BEGIN, to be sent ahead of the next statement, whichever task sends that.
    var pendingBegin: NamedQuery?
    /// Why it cannot be used any more.
    var failure: PostgresError?
    /// A cancellation was sent: it may yet hit whatever runs here next.
    var cancelled = false
    /// The server told that what was prepared here is stale.
    var stale = false
    /// Whether the reactor reads the socket. Not while a caller does, and for a while after.
    var isWatchedForReading = true
    /// Whether the socket was full and the reactor sends the rest.
    var watchesWriting = false
    /// Whether a caller waits at the socket itself.
    var isReadByCaller = false
    /// Waits of callers at the socket that were not worth it, since the last that was.
    var vainWaits = 0
    var flushWaiter: CheckedContinuation<Void, Never>?
    /// Buffers put since the socket was last found full.
    var unflushedChunks = 0
    var notificationHandler: (@Sendable (String, String) -> Void)?
    /// Called once when the connection fails.
    var failureHandler: (@Sendable (PostgresConnection) -> Void)?
  }

  /// Blocking calls of libpq: connecting and cancelling. Concurrent, because a server that does not answer must not
  /// hold up the others.
  static let blockingQueue = DispatchQueue(label: "postgres.blocking", attributes: .concurrent)

  let descriptor: Int32
  let reactor: Reactor
  /// How long past the server's own statement time-out an answer may take before the connection is given up.
  let answerTimeout: Duration?
  private let canceller: Canceller
  let state: Mutex<State>

  /// Takes over a libpq handle that is connected, and starts to watch its socket.
  init(adopting handle: sending OpaquePointer, answerTimeout: Duration?) throws(PostgresError) {
    let descriptor = PQsocket(handle)
    guard case .success(let reactor) = Reactor.shared else {
      PQfinish(handle)
      throw PostgresError(.server, "the connections' thread could not be started")
    }
    guard PQsetnonblocking(handle, 1) == 0, PQenterPipelineMode(handle) == 1, let cancel = PQgetCancel(handle) else {
      let message = errorMessage(handle)
      PQfinish(handle)
      throw PostgresError(.unavailable, message)
    }
    self.descriptor = descriptor
    self.reactor = reactor
    self.answerTimeout = answerTimeout
    canceller = Canceller(adopting: cancel)
    state = Mutex(State(handle: handle))
    do {
      let token = try reactor.add(descriptor, self)
      state.withLock { $0.token = token }
    } catch {
      state.withLock { state in
        if let handle = state.handle { PQfinish(handle) }
        state.handle = nil
      }
      throw error
    }
  }

  /// Nil while it can be used.
  var failure: PostgresError? { state.withLock { $0.failure } }

  /// True when it can serve the next caller: nothing runs, no transaction is open, nothing late can hit it.
  var isReusable: Bool {
    state.withLock { state in
      guard let handle = state.handle, state.failure == nil, !state.cancelled, !state.stale else { return false }
      return state.operations.isEmpty && state.prepared.count < PreparedStatements.limit
        && PQtransactionStatus(handle) == PQTRANS_IDLE && PQpipelineStatus(handle) == PQ_PIPELINE_ON
    }
  }

  /// True when another statement may be sent, even within a transaction that has failed.
  var isUsable: Bool {
    state.withLock { $0.failure == nil && !$0.cancelled }
  }

  /// Whether the server is still there, as far as the socket tells.
  ///
  /// The reactor notices the end of a connection at rest, unless it does not watch at the moment.
  var isAlive: Bool {
    let isUnwatched = state.withLock { $0.failure == nil && !$0.isWatchedForReading }
    if isUnwatched {
      var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      if Glibc.poll(&poll, 1, 0) > 0 { socketIsReady(readable: true, writable: false) }
    }
    return failure == nil
  }

  func beginWithNext(_ begin: NamedQuery) {
    state.withLock { $0.pendingBegin = begin }
  }

  /// Sends no BEGIN any more. True when none had been sent.
  func forgetBegin() -> Bool {
    state.withLock { state in
      defer { state.pendingBegin = nil }
      return state.pendingBegin != nil
    }
  }

  var isInTransaction: Bool {
    state.withLock { state in state.handle.map { PQtransactionStatus($0) != PQTRANS_IDLE } ?? false }
  }

  /// Calls `handler` once the connection has failed, which may be at once. Not when its owner closed it.
  func onFailure(_ handler: @escaping @Sendable (PostgresConnection) -> Void) {
    let hasFailed = state.withLock { state in
      if state.failure == nil { state.failureHandler = handler }
      return state.failure != nil
    }
    if hasFailed { handler(self) }
  }

  func onNotification(_ handler: @escaping @Sendable (_ channel: String, _ payload: String) -> Void) {
    state.withLock { $0.notificationHandler = handler }
  }

  /// Ends the connection. What runs fails as unavailable. May be called more than once.
  func close() {
    fail(PostgresError(.unavailable, "the connection was closed"), quietly: true)
  }

  /// Asks the server to stop operation `id`, if that is still running.
  func cancel(_ id: UInt64) {
    let runs = state.withLock { state in
      guard state.operations.contains(where: { $0.id == id }) else { return false }
      state.cancelled = true
      return true
    }
    if runs { PostgresConnection.blockingQueue.async { [canceller] in canceller.cancel() } }
  }

  /// Gives up: everybody who waits gets `error`.
  ///
  /// - Parameter quietly: The owner did it, so that it need not be told.
  func fail(_ error: PostgresError, quietly: Bool = false) {
    let (completions, waiter, handler) = state.withLock { state in
      shutDown(&state, error)
      let handler = quietly ? nil : state.failureHandler
      state.failureHandler = nil
      return (takeAll(&state, error), takeFlushWaiter(&state), handler)
    }
    for completion in completions { completion.resume() }
    waiter?.resume()
    handler?(self)
  }

  /// Frees the handle, once.
  private func shutDown(_ state: inout State, _ error: PostgresError) {
    if state.failure == nil { state.failure = error }
    guard let handle = state.handle else { return }
    reactor.remove(descriptor, token: state.token)
    PQfinish(handle)
    state.handle = nil
  }

  private func takeAll(_ state: inout State, _ error: PostgresError) -> [Completion] {
    defer { state.operations = [] }
    return state.operations.map { operation in
      // A verdict that came before the loss tells more than the loss.
      var failure = (operation.failure ?? error).named(operation.queryName)
      failure.wasInFlight = true
      return Completion(answer: operation.answer, outcome: .failure(failure))
    }
  }

  func takeFlushWaiter(_ state: inout State) -> CheckedContinuation<Void, Never>? {
    defer { state.flushWaiter = nil }
    return state.flushWaiter
  }
}

/// What libpq needs to send a cancellation from any thread while the connection is in use.
private final class Canceller: @unchecked Sendable {
  /// Never changed after it was made; `PQcancel` only reads it.
  private let handle: OpaquePointer

  init(adopting handle: OpaquePointer) {
    self.handle = handle
  }

  deinit {
    PQfreeCancel(handle)
  }

  /// Blocks until the server has taken notice. Failure shows in the statement's not ending.
  func cancel() {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
      _ = PQcancel(handle, buffer.baseAddress, Int32(buffer.count))
    }
  }
}

/// libpq's last error of this connection, on one line.
func errorMessage(_ handle: OpaquePointer) -> String {
  guard let text = PQerrorMessage(handle) else { return "unknown" }
  return String(cString: text).split(separator: "\n").joined(separator: "; ")
}
