public import Lifecycle

/// Runs `services` while `body` runs.
public func running<R: Sendable>(
  _ services: [any LifecycleService], _ body: @Sendable @escaping () async throws -> R
) async throws -> R {
  try await withThrowingTaskGroup(of: Void.self) { group in
    for service in services { group.addTask { try? await service.run() } }
    defer { group.cancelAll() }
    return try await body()
  }
}
