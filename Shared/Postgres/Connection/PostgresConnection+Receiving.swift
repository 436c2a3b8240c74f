internal import CPostgres
import Core
import Synchronization

extension PostgresConnection: SocketHandler {
  func socketIsReady(readable: Bool, writable: Bool) {
    var completions: [Completion] = []
    var waiter: CheckedContinuation<Void, Never>?
    var notifications: [(channel: String, payload: String)] = []
    var handler: (@Sendable (String, String) -> Void)?
    let failure: PostgresError? = state.withLock { state in
      guard let handle = state.handle else { return nil }
      if writable, state.watchesWriting {
        flush(&state, handle)
        if !state.watchesWriting { waiter = takeFlushWaiter(&state) }
      }
      guard readable else { return nil }
      let isAlive = PQconsumeInput(handle) == 1
      // What came before the end still counts.
      receive(&state, handle, &completions)
      notifications = takeNotifications(handle)
      handler = state.notificationHandler
      if isAlive && PQstatus(handle) == CONNECTION_OK { return nil }
      return PostgresError(.unavailable, errorMessage(handle))
    }
    for completion in completions { completion.resume() }
    waiter?.resume()
    if let handler { for notification in notifications { handler(notification.channel, notification.payload) } }
    if let failure { fail(failure) }
  }

  func tick(_ now: ContinuousClock.Instant) {
    let isLate = state.withLock { state in
      if !state.isReadByCaller { watch(&state, forReading: true) }
      guard let deadline = state.operations.first?.deadline else { return false }
      return deadline < now
    }
    if isLate { fail(PostgresError(.timedOut, "the server did not answer in time")) }
  }

  /// Takes results for as long as libpq has whole ones.
  private func receive(_ state: inout State, _ handle: OpaquePointer, _ completions: inout [Completion]) {
    while !state.operations.isEmpty, PQisBusy(handle) == 0 {
      let result = PQgetResult(handle).map { ResultStorage(adopting: $0) }
      guard take(result, &state) else {
        if PQstatus(handle) == CONNECTION_BAD { return }
        continue
      }
      let operation = state.operations.removeFirst()
      if operation.kind != .pipeline, PQresultStatus(result?.handle) != PGRES_COPY_IN {
        PQenterPipelineMode(handle)
      }
      completions.append(Completion(answer: operation.answer, outcome: operation.outcome))
    }
  }

  /// Adds a result to the operation that is answered first. True when that ends it.
  private func take(_ result: ResultStorage?, _ state: inout State) -> Bool {
    guard let result else {
      switch state.operations[0].kind {
      case .pipeline:
        state.operations[0].nextSlot += 1
        return false
      case .script, .copyStart, .copyEnd:
        return true
      }
    }
    switch PQresultStatus(result.handle) {
    case PGRES_PIPELINE_SYNC:
      return true
    case PGRES_COPY_IN:
      return state.operations[0].kind == .copyStart
    case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY:
      if case .query? = slot(of: state.operations[0]) { state.operations[0].results.append(result) }
    case PGRES_PIPELINE_ABORTED:
      forgetPreparation(&state)
    default:
      forgetPreparation(&state)
      let error = PostgresError(result, query: slot(of: state.operations[0])?.query)
      // A plan or a statement that is gone: a table changed under us, or somebody said DISCARD.
      if error.sqlState == "0A000" || error.sqlState == "26000" { state.stale = true }
      if state.operations[0].failure == nil { state.operations[0].failure = error }
    }
    return false
  }

  private func slot(of operation: Operation) -> Operation.Slot? {
    switch operation.kind {
    case .pipeline: operation.nextSlot < operation.slots.count ? operation.slots[operation.nextSlot] : nil
    case .script, .copyStart, .copyEnd: operation.slots.first
    }
  }

  private func forgetPreparation(_ state: inout State) {
    if case .prepare(let query, let name)? = slot(of: state.operations[0]) { state.prepared.remove(query, name: name) }
  }

  private func takeNotifications(_ handle: OpaquePointer) -> [(channel: String, payload: String)] {
    var notifications: [(channel: String, payload: String)] = []
    while let notification = PQnotifies(handle) {
      notifications.append((String(cString: notification.pointee.relname), String(cString: notification.pointee.extra)))
      PQfreemem(notification)
    }
    return notifications
  }
}

extension PostgresError {
  /// The server's report in `result`. Its detail, hint and context are left out: they quote rows.
  init(_ result: ResultStorage, query: NamedQuery?) {
    let sqlState = field(result, UInt8(ascii: "C")) ?? ""
    let primary =
      field(result, UInt8(ascii: "M")) ?? PQresultErrorMessage(result.handle).map { String(cString: $0) } ?? ""
    // Messages of class 22 quote the value ("invalid input syntax for type integer: …").
    let message = sqlState.hasPrefix("22") ? "the server refuses a value" : primary
    self.init(
      sqlState.isEmpty ? .unavailable : Code(sqlState: sqlState), message, sqlState: sqlState.isEmpty ? nil : sqlState,
      queryName: query?.name, constraint: field(result, UInt8(ascii: "n")))
  }
}

/// One field of an error report, by its letter in the protocol (PostgreSQL 16 manual, section 55.8).
private func field(_ result: ResultStorage, _ letter: UInt8) -> String? {
  PQresultErrorField(result.handle, Int32(letter)).map { String(cString: $0) }
}
