import Nng

/// What a client puts into one message.
struct OutgoingCalls {
  /// What the answer will name.
  let request: RequestID
  /// The connection that it is meant for.
  let pipe: PipeID
  var calls: [ClientCall] = []
  var cancels: [UInt64] = []
  var wantsAnswer = false

  init(request: RequestID, pipe: PipeID) {
    self.request = request
    self.pipe = pipe
  }

  /// - Parameter now: Monotonic nanoseconds; what each call has left is told from here.
  func message(now: UInt64) -> Message {
    // Time left is measured once, so that both passes below write the same number of bytes.
    let timeouts = calls.map { $0.timeoutMicroseconds(at: now) }
    var sizes: [Int] = []
    sizes.reserveCapacity(calls.count)
    var total = SizeCounter()
    for (call, timeout) in zip(calls, timeouts) {
      var size = SizeCounter()
      call.emit(timeoutMicroseconds: timeout, into: &size)
      sizes.append(size.count)
      total.prefix(1, size: size.count)
      total.skip(size.count)
    }
    emitRest(into: &total)
    return Message.make(capacity: total.count) { buffer in
      var writer = EnvelopeWriter(buffer)
      for index in calls.indices {
        writer.prefix(1, size: sizes[index])
        calls[index].emit(timeoutMicroseconds: timeouts[index], into: &writer)
      }
      emitRest(into: &writer)
      return writer.count
    }
  }

  private func emitRest(into sink: inout some EnvelopeSink) {
    sink.packed(3, cancels)
    sink.field(4, wantsAnswer ? 1 : 0)
  }
}

/// What a server puts into one message.
struct OutgoingResults {
  struct Result {
    var id: UInt64
    var outcome: Swift.Result<[UInt8], RPCError>
    var isNotStarted = false

    /// An upper bound of what it takes in a message.
    var estimatedSize: Int {
      switch outcome {
      case .success(let response): EnvelopeLimits.entryOverhead + response.count
      case .failure(let error): EnvelopeLimits.entryOverhead + error.message.utf8.count
      }
    }

    func emit(into sink: inout some EnvelopeSink) {
      sink.field(1, id)
      switch outcome {
      case .success(let response):
        sink.field(4, response)
      case .failure(let error):
        sink.field(2, UInt64(error.code.rawValue))
        sink.field(3, error.message)
        sink.field(5, UInt64(clamping: max(0, error.retryAfter?.microseconds ?? 0)))
      }
      sink.field(6, isNotStarted ? 1 : 0)
    }
  }

  var results: [Result] = []
  var isDraining = false

  func message() -> Message {
    var sizes: [Int] = []
    sizes.reserveCapacity(results.count)
    var total = SizeCounter()
    for result in results {
      var size = SizeCounter()
      result.emit(into: &size)
      sizes.append(size.count)
      total.prefix(2, size: size.count)
      total.skip(size.count)
    }
    emitRest(into: &total)
    return Message.make(capacity: total.count) { buffer in
      var writer = EnvelopeWriter(buffer)
      for index in results.indices {
        writer.prefix(2, size: sizes[index])
        results[index].emit(into: &writer)
      }
      emitRest(into: &writer)
      return writer.count
    }
  }

  private func emitRest(into sink: inout some EnvelopeSink) {
    sink.field(5, isDraining ? 1 : 0)
  }
}
