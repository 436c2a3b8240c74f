internal import CPostgres
import Core
import Synchronization

extension PostgresConnection {
  /// Sends the statements of `batch`, closed with a sync, and waits for all of their results.
  ///
  /// - Parameter isCancellable: Whether cancelling the task asks the server to stop. The connection is of no further
  ///   use then.
  ///
  /// Throws: `PostgresError` of the first statement that failed; `CancellationError`.
  func run(_ batch: EncodedBatch, isCancellable: Bool = true) async throws -> [ResultStorage] {
    try await wait(isCancellable: isCancellable) { [self] answer in
      submit(batch, answer, mayRead: isCancellable)
    }
  }

  /// Runs text that may hold several statements, without parameters. Nothing else may run on the connection.
  func runScript(_ sql: String, name: String) async throws -> [ResultStorage] {
    try await simple(sql, name: name, kind: .script)
  }

  /// Leaves pipeline mode, sends `sql`, and waits. Pipeline mode returns when the server is done with it.
  func simple(_ sql: String, name: String, kind: Operation.Kind) async throws -> [ResultStorage] {
    try await wait(isCancellable: true) { [self] answer in
      start(kind, [.query(NamedQuery(name: name, sql: sql))], answer) { state, handle in
        guard state.operations.isEmpty else { return "a statement still runs" }
        if PQpipelineStatus(handle) == PQ_PIPELINE_ON, PQexitPipelineMode(handle) == 0 { return errorMessage(handle) }
        return PQsendQuery(handle, sql) == 1 ? nil : errorMessage(handle)
      }
    }
  }

  /// Waits for an operation that `start` begins and returns the id of.
  func wait(isCancellable: Bool, _ start: (Answer) -> UInt64) async throws -> [ResultStorage] {
    if isCancellable { try Task.checkCancellation() }
    let answer = Answer()
    reactor.operationBegins()
    defer { reactor.operationEnded() }
    let id = start(answer)
    let outcome: Answer.Outcome
    if let known = answer.known {
      outcome = known
    } else if isCancellable {
      outcome = await withTaskCancellationHandler {
        await answer.value()
      } onCancel: {
        cancel(id)
      }
    } else {
      outcome = await answer.value()
    }
    switch outcome {
    case .success(let results): return results
    case .failure(let error):
      if error.code == .cancelled {
        if isCancellable, Task.isCancelled { throw CancellationError() }
        var late = error
        late.code = .timedOut  // The server's own time-out has the same SQLSTATE.
        throw late
      }
      throw error
    }
  }

  /// Queues an operation after `send` has handed its bytes to libpq. Returns its id.
  ///
  /// - Parameter send: Returns what libpq complains about, nil when all was taken.
  func start(
    _ kind: Operation.Kind, _ slots: [Operation.Slot], hasDeadline: Bool = true, _ answer: Answer,
    _ send: (inout State, OpaquePointer) -> String?
  ) -> UInt64 {
    let (id, refusal): (UInt64, PostgresError?) = state.withLock { state in
      guard let handle = state.handle else {
        return (0, state.failure ?? PostgresError(.unavailable, "the connection is closed"))
      }
      if let problem = send(&state, handle) {
        return (0, PostgresError(PQstatus(handle) == CONNECTION_BAD ? .unavailable : .server, problem))
      }
      watch(&state, forReading: true)
      return (enqueue(kind, slots, hasDeadline: hasDeadline, answer, &state, handle), nil)
    }
    if let refusal { answer.give(.failure(refusal.named(slots.first?.query.name ?? ""))) }
    return id
  }

  private func enqueue(
    _ kind: Operation.Kind, _ slots: [Operation.Slot], hasDeadline: Bool, _ answer: Answer, _ state: inout State,
    _ handle: OpaquePointer
  ) -> UInt64 {
    let id = state.nextOperation
    state.nextOperation += 1
    state.operations.append(
      Operation(
        id: id, kind: kind, slots: slots, deadline: hasDeadline ? answerTimeout.map { ContinuousClock.now + $0 } : nil,
        answer: answer))
    flush(&state, handle)
    return id
  }

  /// Sends what libpq holds; what the socket does not take now, the reactor sends when it can.
  func flush(_ state: inout State, _ handle: OpaquePointer) {
    // A failure shows when the reactor reads.
    let isFull = PQflush(handle) == 1
    watch(&state, forWriting: isFull)
    if !isFull { state.unflushedChunks = 0 }
  }

  private func submit(_ batch: EncodedBatch, _ answer: Answer, mayRead: Bool) -> UInt64 {
    let (id, refusal, isRead): (UInt64, (error: PostgresError, isFinal: Bool)?, Bool) = state.withLock { state in
      guard let handle = state.handle else {
        return (0, (state.failure ?? PostgresError(.unavailable, "the connection is closed"), false), false)
      }
      guard PQpipelineStatus(handle) == PQ_PIPELINE_ON else {
        return (0, (PostgresError(.syntax, "a COPY still runs"), false), false)
      }
      var slots: [Operation.Slot] = []
      slots.reserveCapacity(batch.parts.count + 1)
      let begin = state.pendingBegin.map { EncodedBatch.Part(query: $0, firstValue: 0, valueCount: 0, firstByte: 0) }
      state.pendingBegin = nil
      if let begin {
        guard send(begin, of: batch, &state.prepared, handle, &slots) else {
          return (0, (PostgresError(.unavailable, errorMessage(handle)), true), false)
        }
        slots[slots.count - 1] = .begin(begin.query)
      }
      for part in batch.parts {
        // Half of a batch cannot be taken back from libpq.
        guard send(part, of: batch, &state.prepared, handle, &slots) else {
          return (0, (PostgresError(.unavailable, errorMessage(handle)), true), false)
        }
      }
      guard PQpipelineSync(handle) == 1 else {
        return (0, (PostgresError(.unavailable, errorMessage(handle)), true), false)
      }
      let id = enqueue(.pipeline, slots, hasDeadline: true, answer, &state, handle)
      let isRead = mayRead && beginReading(&state)
      if !isRead, !state.isReadByCaller { watch(&state, forReading: true) }
      return (id, nil, isRead)
    }
    if let refusal {
      let error = refusal.error.named(batch.parts.first?.query.name ?? "")
      if refusal.isFinal { fail(error) }
      answer.give(.failure(error))
    }
    if isRead { readBriefly(for: answer, statements: batch.parts.count) }
    return id
  }

  /// Hands one statement to libpq, its preparation first where that is needed. False when libpq refuses.
  private func send(
    _ part: EncodedBatch.Part, of batch: EncodedBatch, _ prepared: inout PreparedStatements, _ handle: OpaquePointer,
    _ slots: inout [Operation.Slot]
  ) -> Bool {
    let types = batch.types[part.firstValue..<part.firstValue + part.valueCount]
    let name: [CChar]
    if let known = prepared.name(of: part.query, types: types) {
      name = known
    } else {
      name = prepared.add(part.query, types: types)
      let sent = types.withUnsafeBufferPointer { types in
        PQsendPrepare(handle, name, part.query.sql, Int32(types.count), types.baseAddress)
      }
      guard sent == 1 else { return false }
      slots.append(.prepare(part.query, name: name))
    }
    slots.append(.query(part.query))
    return execute(name, part, of: batch, handle)
  }

  private func execute(
    _ name: [CChar], _ part: EncodedBatch.Part, of batch: EncodedBatch, _ handle: OpaquePointer
  ) -> Bool {
    let count = part.valueCount
    if count == 0 { return PQsendQueryPrepared(handle, name, 0, nil, nil, nil, 1) == 1 }
    return batch.bytes.withUnsafeBytes { bytes in
      withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: count) { pointers in
        withUnsafeTemporaryAllocation(of: Int32.self, capacity: count * 2) { numbers in
          // An empty value still needs an address, which is not read: a null address means null.
          let base = bytes.baseAddress ?? UnsafeRawPointer(numbers.baseAddress)
          var offset = part.firstByte
          for index in 0..<count {
            let length = batch.lengths[part.firstValue + index]
            let address = length < 0 ? nil : base.map { ($0 + offset).assumingMemoryBound(to: CChar.self) }
            pointers.initializeElement(at: index, to: address)
            numbers.initializeElement(at: index, to: length)
            numbers.initializeElement(at: count + index, to: 1)
            offset += Int(max(0, length))
          }
          let formats = numbers.baseAddress.map { UnsafePointer($0 + count) }
          return PQsendQueryPrepared(
            handle, name, Int32(count), pointers.baseAddress, numbers.baseAddress, formats, 1) == 1
        }
      }
    }
  }
}
