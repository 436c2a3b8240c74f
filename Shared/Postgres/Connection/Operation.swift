import Synchronization

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
    /// What nobody asked the result of.
    case begin(NamedQuery)
    case query(NamedQuery)

    var query: NamedQuery {
      switch self {
      case .prepare(let query, _), .begin(let query), .query(let query): query
      }
    }
  }

  let id: UInt64
  let kind: Kind
  let slots: [Slot]
  let deadline: ContinuousClock.Instant?
  let answer: Answer
  var nextSlot = 0
  var results: [ResultStorage] = []
  var failure: PostgresError?

  /// The first query that somebody asked for.
  var queryName: String {
    for case .query(let query) in slots { return query.name }
    return slots.first?.query.name ?? ""
  }

  /// What the caller is told when it is over.
  var outcome: Answer.Outcome {
    failure.map { .failure($0) } ?? .success(results)
  }
}

/// An operation's end, for the one caller who waits for it.
final class Answer: Sendable {
  typealias Outcome = Result<[ResultStorage], PostgresError>

  private enum State {
    case pending
    case awaited(CheckedContinuation<Void, Never>)
    case known(Outcome)
  }

  private let state = Mutex(State.pending)

  /// What it is, when it is known.
  var known: Outcome? {
    state.withLock { state in
      if case .known(let outcome) = state { outcome } else { nil }
    }
  }

  /// To be called once, with no lock held.
  func give(_ outcome: Outcome) {
    let continuation: CheckedContinuation<Void, Never>? = state.withLock { state in
      defer { state = .known(outcome) }
      if case .awaited(let continuation) = state { return continuation }
      return nil
    }
    continuation?.resume()
  }

  /// What it is, once it is known. Read under the lock, not handed over with the continuation: when that is resumed before
  /// its task is suspended, the thread sanitizer sees nothing that orders what the two threads do.
  func value() async -> Outcome {
    while true {
      if let known { return known }
      await withCheckedContinuation { continuation in
        let isKnown = state.withLock { state in
          if case .known = state { return true }
          state = .awaited(continuation)
          return false
        }
        if isKnown { continuation.resume() }
      }
    }
  }
}

/// An answer to be given once no lock is held.
struct Completion {
  let answer: Answer
  let outcome: Answer.Outcome

  func resume() {
    answer.give(outcome)
  }
}
