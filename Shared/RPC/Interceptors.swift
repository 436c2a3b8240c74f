/// Sees every call that a server takes, before and after its handler.
public protocol ServerInterceptor: Sendable {
  /// Calls `next` to go on, with a changed request or context if it likes, or throws to refuse.
  func intercept(
    _ method: MethodDescriptor, request: [UInt8], context: CallContext,
    next: @Sendable (_ request: [UInt8], _ context: CallContext) async throws -> [UInt8]
  ) async throws -> [UInt8]
}

/// Sees every call that a client makes, all attempts as one.
public protocol ClientInterceptor: Sendable {
  /// Calls `next` to go on, with a changed request or options if it likes, or throws to refuse.
  func intercept(
    _ method: MethodDescriptor, request: [UInt8], options: CallOptions,
    next: @Sendable (_ request: [UInt8], _ options: CallOptions) async throws -> [UInt8]
  ) async throws -> [UInt8]
}
