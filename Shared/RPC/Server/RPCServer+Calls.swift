import Core
import Logging
import Nng
import Tracing

extension RPCServer {
  /// One message of a client. On an nng thread, in the order in which messages came.
  public func pipe(_ pipe: PipeID, received body: UnsafeRawBufferPointer, for request: RequestID) {
    guard let peer = peers.withLock({ $0[pipe] }) else { return }  // It was refused, and is about to end.
    let arrival = try? read(body, from: peer)  // Nil is a message that cannot be decoded.
    let accepted = arrival?.accepted ?? []
    switch arrival.map({ peer.arrive($0, request) }) ?? .broken {
    case .taken(let cancelled):
      start(accepted, for: peer)
      abandon(cancelled)
      if isDraining.load(ordering: .relaxed) {
        settled.open()
      }
    case .closed:
      release(accepted.count)
    case .broken:
      release(accepted.count)
      metrics.malformed.increment()
      logger.warning("rpc message malformed", [LogField("peer", peer.name)])
      forget(pipe)
      socket.close(pipe)
    }
  }

  public func pipe(_ pipe: PipeID, didSend: Bool) {
    if didSend, let peer = peers.withLock({ $0[pipe] }) {
      peer.replied()
    }
  }

  private func start(_ calls: [ServerCall], for peer: ServerPeer) {
    sweeper.ensure(firesBy: calls.reduce(MonotonicTime.never) { min($0, $1.deadline) })
    lanes.start(calls, for: peer, on: self)
    if calls.count > 1 {
      waves.withLock { $0.append(peer) }
      flusher.ask()
    }
  }

  /// Reads a message and decides which of its calls are taken.
  private func read(_ bytes: UnsafeRawBufferPointer, from peer: ServerPeer) throws -> ServerPeer.Arrival {
    let batch = try IncomingCalls(bytes)
    var arrival = ServerPeer.Arrival()
    arrival.cancels = batch.cancels
    arrival.wantsAnswer = batch.wantsAnswer
    guard !batch.calls.isEmpty else { return arrival }
    arrival.time = MonotonicTime.now()
    let clock = ContinuousClock.now
    var room = options.maximumCallsPerPeer - peer.callCount
    arrival.accepted.reserveCapacity(batch.calls.count)
    for call in batch.calls {
      do {
        arrival.accepted.append(try accept(call, from: peer, room: room, now: arrival.time, clock: clock))
        room -= 1
      } catch let error as RPCError {
        arrival.refused.append(OutgoingResults.Result(id: call.id, outcome: .failure(error), isNotStarted: true))
      } catch {
        release(arrival.accepted.count)
        throw error
      }
    }
    return arrival
  }

  private func accept(
    _ call: IncomingCalls.Call, from peer: ServerPeer, room: Int, now: UInt64, clock: ContinuousClock.Instant
  ) throws -> ServerCall {
    guard let method = methods.find(call.method) else {
      throw RPCError(.unimplemented, "no method \(text(call.method) ?? "of that name") here")
    }
    guard let traceparent = text(call.traceparent), let tenant = text(call.tenant), let actor = text(call.actor),
      let key = text(call.idempotencyKey)
    else { throw MalformedEnvelope() }
    guard call.request.count <= options.maximumMessageBytes else {
      throw RPCError(.resourceExhausted, "the request has more than \(options.maximumMessageBytes) bytes")
    }
    if !method.isBuiltIn {
      guard isServing else {
        method.metrics.count(.unavailable)
        throw RPCError(.unavailable, "the server is stopping")
      }
      guard room > 0, callCount.load(ordering: .relaxed) < options.maximumCalls else {
        method.metrics.count(.resourceExhausted)
        throw RPCError(.resourceExhausted, "the server is full")
      }
    }
    callCount.wrappingAdd(1, ordering: .acquiringAndReleasing)
    let timeout = Int64(clamping: call.timeoutMicroseconds)
    let context = CallContext(
      tenant: tenant, actor: actor, idempotencyKey: key,
      deadline: timeout == 0 ? nil : clock.advanced(by: .microseconds(timeout)),
      trace: traceparent.isEmpty ? nil : TraceContext(traceparent: traceparent), peer: peer.name,
      method: method.descriptor.fullName, attempt: Int(clamping: call.attempt))
    return ServerCall(
      id: call.id, method: method, request: [UInt8](call.request), context: context, arrived: now,
      deadline: timeout == 0 ? MonotonicTime.never : MonotonicTime.after(.microseconds(timeout), from: now))
  }

  /// Calls that are at work no more.
  func release(_ count: Int) {
    guard count > 0 else { return }
    let left = callCount.wrappingSubtract(count, ordering: .acquiringAndReleasing).newValue
    if isDraining.load(ordering: .relaxed), left == 0 {
      settled.open()
    }
  }

  /// Runs the handler and queues its result.
  @inline(__always)
  nonisolated(nonsending) func serve(_ call: ServerCall, for peer: ServerPeer, on lane: HandlerLane) async {
    guard call.begin(on: lane) else {  // Cancelled before it began.
      peer.flush()
      call.method.metrics.ended(.cancelled, nanoseconds: MonotonicTime.now() - call.arrived)
      return release(1)
    }
    let result = await outcome(of: call)
    let code: RPCCode
    switch result {
    case .success: code = .ok
    case .failure(let error): code = error.code
    }
    let now = MonotonicTime.now()
    let isWanted = peer.complete(call, OutgoingResults.Result(id: call.id, outcome: result), at: now)
    let nanoseconds = now - call.arrived
    // Nobody waits: it was cancelled, or its deadline has passed.
    let counted = isWanted ? code : (call.deadline <= now ? .deadlineExceeded : .cancelled)
    call.method.metrics.ended(counted, nanoseconds: nanoseconds)
    logger.debug(
      "rpc call served",
      [
        LogField("method", call.context.method), LogField("code", counted.description),
        LogField("peer", call.context.peer), LogField("seconds", Double(nanoseconds) / 1e9),
      ])
    release(1)
  }

  @inline(__always)
  private nonisolated(nonsending) func outcome(of call: ServerCall) async -> Result<[UInt8], RPCError> {
    do {
      // Most calls: two steps fewer.
      let isPlain = tracer == nil && call.context.trace == nil && options.interceptors.isEmpty
      let response = try await CallContext.$current.withValue(call.context) {
        isPlain
          ? try await call.method.service.handle(call.method.descriptor, request: call.request, context: call.context)
          : try await traced(call)
      }
      guard response.count <= options.maximumMessageBytes else {
        let limit = options.maximumMessageBytes
        return .failure(
          RPCError(.resourceExhausted, "the response has \(response.count) bytes; the limit is \(limit)"))
      }
      return .success(response)
    } catch let error as any RPCErrorConvertible {
      return .failure(error.rpcError)
    } catch is CancellationError {
      return .failure(RPCError(.unavailable, "the call was cancelled by the server"))
    } catch {
      logger.error("rpc handler failed", [LogField("method", call.context.method), .error(error)])
      return .failure(RPCError(.unknown, "internal error"))
    }
  }

  private nonisolated(nonsending) func traced(_ call: ServerCall) async throws -> [UInt8] {
    if let tracer {
      return try await tracer.span(
        call.context.method, kind: .server, parent: call.context.trace, attributes: ["rpc.system": "ringmaster"]
      ) { span in
        var context = call.context
        context.trace = span.context
        return try await intercepted(call.method, call.request, context, from: options.interceptors[...])
      }
    }
    if let trace = call.context.trace {
      return try await trace.withCurrent {
        try await intercepted(call.method, call.request, call.context, from: options.interceptors[...])
      }
    }
    return try await intercepted(call.method, call.request, call.context, from: options.interceptors[...])
  }

  private nonisolated(nonsending) func intercepted(
    _ method: ServedMethod, _ request: [UInt8], _ context: CallContext,
    from interceptors: ArraySlice<any ServerInterceptor>
  ) async throws -> [UInt8] {
    guard let first = interceptors.first else {
      return try await method.service.handle(method.descriptor, request: request, context: context)
    }
    return try await first.intercept(method.descriptor, request: request, context: context) { request, context in
      try await self.intercepted(method, request, context, from: interceptors.dropFirst())
    }
  }

  /// Ends calls whose deadline has passed. On an nng thread.
  func sweep() {
    let now = MonotonicTime.now()
    sweeper.began()
    var earliest = MonotonicTime.never
    for peer in currentPeers {
      abandon(peer.expire(at: now, earliest: &earliest))
    }
    sweeper.ensure(firesBy: earliest)
  }
}
