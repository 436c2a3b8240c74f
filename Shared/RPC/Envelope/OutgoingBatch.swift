import Nng

/// What a client puts into one message.
struct OutgoingCalls {
  var calls: [ClientCall] = []
  var cancels: [UInt64] = []
  var acknowledged: UInt64 = 0
  var probe: UInt64 = 0

  /// - Parameter now: Monotonic nanoseconds; what each call has left is told from here.
  func message(header: [UInt8], now: UInt64) throws(NngError) -> Message {
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
    return try Message.make(capacity: total.count, header: header) { buffer in
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
    sink.field(5, acknowledged)
    sink.field(6, probe)
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
  var sequence: UInt64 = 0
  var probe: UInt64 = 0
  var isDraining = false

  func message(header: [UInt8]) throws(NngError) -> Message {
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
    return try Message.make(capacity: total.count, header: header) { buffer in
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
    sink.field(4, sequence)
    sink.field(6, probe)
    sink.field(7, isDraining ? 1 : 0)
  }
}
