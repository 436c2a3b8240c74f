/// What one caller waits for on a connection.
struct Operation {
  enum Kind {
    /// Statements up to a sync, in pipeline mode.
    case pipeline
    /// Text that may hold several statements, outside of pipeline mode.
    case script
    /// A COPY statement, over once the server wants data.
    case copyStart
    /// The end of the data, over with the server's verdict.
    case copyEnd
  }

  /// One answer that the server owes.
  enum Slot {
    case prepare(NamedQuery, name: [CChar])
    case query(NamedQuery)

    var query: NamedQuery {
      switch self {
      case .prepare(let query, _), .query(let query): query
      }
    }
  }

  let id: UInt64
  let kind: Kind
  let slots: [Slot]
  let deadline: ContinuousClock.Instant?
  let continuation: CheckedContinuation<Result<[ResultStorage], PostgresError>, Never>
  var nextSlot = 0
  var results: [ResultStorage] = []
  var failure: PostgresError?

  /// What the caller is told when it is over.
  var outcome: Result<[ResultStorage], PostgresError> {
    failure.map { .failure($0) } ?? .success(results)
  }
}

/// A caller to resume, once no lock is held.
struct Completion {
  let continuation: CheckedContinuation<Result<[ResultStorage], PostgresError>, Never>
  let outcome: Result<[ResultStorage], PostgresError>

  func resume() {
    continuation.resume(returning: outcome)
  }
}
