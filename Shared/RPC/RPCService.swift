/// The methods of one service, dispatched by descriptor. Generated code conforms; handlers implement its protocols.
public protocol RPCService: Sendable {
  var descriptors: [MethodDescriptor] { get }

  /// Serves one call. Runs in a task of its own, which is cancelled when the caller gives up, its connection ends or
  /// its deadline passes. Begins on one of nng's threads (see `CallbackExecutor`), so it must not block. May throw
  /// anything: see `RPCErrorConvertible`.
  nonisolated(nonsending) func handle(
    _ method: MethodDescriptor, request: [UInt8], context: CallContext
  ) async throws -> [UInt8]
}
