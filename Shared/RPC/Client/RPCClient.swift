import Core
import Lifecycle
import Logging
import Metrics
import Synchronization
import Tracing

/// Calls the methods of a service that one or several endpoints serve.
///
/// Each endpoint has one connection, kept up by nng. A call goes to the connected endpoint with the fewest calls under
/// way, in the same nng message as whatever else waits to be sent there (see `rpc.proto`). A call that provably did not
/// reach a handler moves to the next endpoint by itself. One whose connection was lost ends with `unavailable`, or is
/// repeated when the method is idempotent: same idempotency key, pauses with jitter, all within the deadline.
///
/// The way of a call is `nonisolated(nonsending)` here, in the stubs and in the server: its steps run where the caller
/// does. Otherwise a task looks for its executor before each of them, under a lock if it prefers one, and a call of an
/// actor leaves that and comes back for nothing. It looks for it after each of them all the same, so those that every call
/// takes are inlined.
///
/// Endpoints are nng URLs: `ipc:///run/ringmaster/dialer`, `tcp://10.0.0.7:7401`, `tls+tcp://dialer.internal:7401`.
public final class RPCClient: Sendable {
  private let connections: [ClientConnection]
  private let gate: Gate
  private let options: RPCClientOptions
  private let metrics: ClientMetrics
  private let logger: Logger
  private let tracer: Tracer?
  /// Distinguishes this client's idempotency keys from all others.
  private let keyPrefix: String
  private let nextKey = Atomic<UInt64>(0)
  private let nextStart = Atomic<Int>(0)
  private let isClosed = Atomic(false)
  /// One task for each connection: see `Flusher`.
  private let tasks = TaskPool(name: "rpc-client")

  /// Starts to connect in the background. Throws when an endpoint is not a usable address or a TLS file cannot be read.
  public init(
    endpoints: [String], options: RPCClientOptions = RPCClientOptions(), logger: Logger = .discarding,
    metrics: MetricsRegistry = MetricsRegistry(), tracer: Tracer? = nil
  ) throws {
    precondition(!endpoints.isEmpty, "a client needs an endpoint")
    let gate = Gate()
    let clientMetrics = ClientMetrics(metrics)
    self.gate = gate
    self.options = options
    self.metrics = clientMetrics
    self.logger = logger
    self.tracer = tracer
    keyPrefix = UniqueID.random().description + "-"
    connections = try endpoints.map { endpoint in
      try ClientConnection(
        endpoint: endpoint, options: options, metrics: clientMetrics, logger: logger, onAvailable: { gate.open() })
    }
    for connection in connections {
      // Ends when the connection is closed, or let go: the task must not keep it.
      tasks.spawn(id: connection.endpoint) { [flusher = connection.flusher, weak connection] in
        await flusher.run { [weak connection] in await connection?.flush() }
      }
    }
  }

  deinit {
    for connection in connections {
      connection.flusher.stop()
    }
  }

  /// Makes a call and returns the encoded response.
  ///
  /// Throws `RPCError`, or `CancellationError` when the task is cancelled; the server's handler is cancelled then.
  public nonisolated(nonsending) func call(
    _ method: MethodDescriptor, request: [UInt8], options: CallOptions = CallOptions()
  ) async throws -> [UInt8] {
    if self.options.interceptors.isEmpty {
      return try await measured(method, request, options)
    }
    return try await intercepted(method, request, options, from: self.options.interceptors[...])
  }

  /// Fails what is under way with `unavailable` and closes all connections.
  public func close() async {
    guard !isClosed.exchange(true, ordering: .acquiringAndReleasing) else { return }
    gate.close()
    await withDiscardingTaskGroup { group in
      for connection in connections {
        group.addTask { await connection.close() }
      }
    }
    await tasks.drain()
  }

  /// Whether a call would find a connection now.
  public var isConnected: Bool {
    connections.contains { $0.load != nil }
  }

  private nonisolated(nonsending) func intercepted(
    _ method: MethodDescriptor, _ request: [UInt8], _ options: CallOptions,
    from interceptors: ArraySlice<any ClientInterceptor>
  ) async throws -> [UInt8] {
    guard let first = interceptors.first else {
      return try await measured(method, request, options)
    }
    return try await first.intercept(method, request: request, options: options) { request, options in
      try await self.intercepted(method, request, options, from: interceptors.dropFirst())
    }
  }

  @inline(__always)
  private nonisolated(nonsending) func measured(
    _ method: MethodDescriptor, _ request: [UInt8], _ options: CallOptions
  ) async throws -> [UInt8] {
    let start = MonotonicTime.now()
    let series = metrics.method(method.fullName)
    do {
      let terms = resolve(options, method, start)
      let response =
        if let tracer {
          try await traced(method, request, terms, by: tracer)
        } else {
          try await attempts(of: method, request, terms, TraceContext.current?.traceparent ?? "")
        }
      series.ended(.ok, nanoseconds: MonotonicTime.now() - start)
      return response
    } catch {
      let code = (error as? RPCError)?.code ?? .cancelled
      series.ended(code, nanoseconds: MonotonicTime.now() - start)
      throw error
    }
  }

  private nonisolated(nonsending) func traced(
    _ method: MethodDescriptor, _ request: [UInt8], _ terms: Terms, by tracer: Tracer
  ) async throws -> [UInt8] {
    try await tracer.span(method.fullName, kind: .client, attributes: ["rpc.system": "ringmaster"]) { span in
      try await attempts(of: method, request, terms, span.context.traceparent)
    }
  }

  /// What holds for all attempts of one call.
  private struct Terms {
    var start: UInt64
    var deadline: UInt64
    var tenant: String
    var actor: String
    var idempotencyKey: String
    var retries: Int
  }

  /// Fills in what the caller left open from the call that is being served.
  private func resolve(_ options: CallOptions, _ method: MethodDescriptor, _ start: UInt64) -> Terms {
    let context = CallContext.current
    var patience = options.deadline
    if let deadline = context?.deadline {
      patience = min(patience, ContinuousClock.now.duration(to: deadline))
    }
    return Terms(
      start: start, deadline: MonotonicTime.after(patience, from: start),
      tenant: options.tenant ?? context?.tenant ?? "", actor: options.actor ?? context?.actor ?? "",
      idempotencyKey: options.idempotencyKey ?? (method.isIdempotent ? makeKey() : ""), retries: options.retries)
  }

  private func makeKey() -> String {
    keyPrefix + String(nextKey.wrappingAdd(1, ordering: .relaxed).newValue)
  }

  @inline(__always)
  private nonisolated(nonsending) func attempts(
    of method: MethodDescriptor, _ request: [UInt8], _ terms: Terms, _ traceparent: String
  ) async throws -> [UInt8] {
    guard request.count <= options.maximumMessageBytes else {
      throw RPCError(
        .resourceExhausted,
        "the request of \(method) has \(request.count) bytes; the limit is \(options.maximumMessageBytes)")
    }
    guard terms.deadline > terms.start else { throw Self.late(method) }
    // Cheaper than a seed of the system's, and different enough.
    var generator = SeededGenerator(seed: terms.start)
    var attempts = 0
    var detours = 0
    var avoided: ClientConnection?
    while true {
      let connection =
        if let connection = pick(avoiding: avoided) {
          connection
        } else {
          try await connection(deadline: terms.deadline, method)
        }
      let call = ClientCall(
        method: method.fullName, request: request, deadline: terms.deadline, traceparent: traceparent,
        tenant: terms.tenant, actor: terms.actor, idempotencyKey: terms.idempotencyKey, attempt: attempts)
      let outcome = await connection.perform(call)
      attempts += 1
      let decision = RetryDecision.after(
        outcome, of: method, attempts: attempts, detours: detours, retries: terms.retries,
        endpoints: connections.count, backoff: options.retryBackoff, using: &generator)
      let pause: Duration?
      switch decision {
      case .succeed(let response):
        return response
      case .fail(let error):
        throw error
      case .cancel:
        throw CancellationError()
      case .sendElsewhere(let wait):
        attempts -= 1
        detours += 1
        pause = wait
      case .repeat(let wait):
        metrics.retries.increment(method.fullName)
        pause = wait
      }
      avoided = connection
      if let pause {
        try await sleep(pause, until: terms.deadline, method)
      }
    }
  }

  private func sleep(_ pause: Duration, until deadline: UInt64, _ method: MethodDescriptor) async throws {
    let left = MonotonicTime.duration(from: MonotonicTime.now(), to: deadline)
    try await Task.sleep(for: min(pause, left))
    if pause >= left {
      throw Self.late(method)
    }
  }

  /// The best connection as soon as there is one.
  private nonisolated(nonsending) func connection(
    deadline: UInt64, _ method: MethodDescriptor
  ) async throws -> ClientConnection {
    let start = MonotonicTime.now()
    guard deadline > start else { throw Self.late(method) }
    let limit = min(deadline, MonotonicTime.after(options.connectTimeout, from: start))
    while !isClosed.load(ordering: .acquiring) {
      let left = MonotonicTime.duration(from: MonotonicTime.now(), to: limit)
      guard left > .zero else { break }
      await waitForConnection(atMost: left)
      try Task.checkCancellation()
      if let connection = pick(avoiding: nil) {
        return connection
      }
    }
    let endpoints = connections.map(\.endpoint).joined(separator: ", ")
    throw RPCError(.unavailable, "no connection to \(endpoints)")
  }

  private static func late(_ method: MethodDescriptor) -> RPCError {
    RPCError(.deadlineExceeded, "no answer to \(method) within the deadline")
  }

  private func waitForConnection(atMost left: Duration) async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await self.gate.wait { self.isConnected } }
      group.addTask { try? await Task.sleep(for: left) }  // Cancelled means that the wait is over as well.
      await group.next()
      group.cancelAll()
    }
  }

  /// The connected endpoint with the fewest calls under way, another than the one that just failed if there is one.
  private func pick(avoiding avoided: ClientConnection?) -> ClientConnection? {
    if connections.count == 1 {
      return connections[0].load == nil ? nil : connections[0]
    }
    let start = nextStart.wrappingAdd(1, ordering: .relaxed).newValue
    var best: ClientConnection?
    var least = Int.max
    for offset in connections.indices {
      let connection = connections[Int(UInt(bitPattern: start &+ offset) % UInt(connections.count))]
      guard connection !== avoided, let load = connection.load, load < least else { continue }
      best = connection
      least = load
    }
    if best == nil, let avoided, avoided.load != nil {
      return avoided
    }
    return best
  }
}
