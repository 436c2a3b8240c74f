public import Lifecycle

/// Runs `services` while `body` runs.
public func running(
  _ services: [any LifecycleService], _ body: @Sendable @escaping () async throws -> Void
) async throws {
  try await withThrowingTaskGroup(of: Void.self) { group in
    for service in services { group.addTask { try? await service.run() } }
    defer { group.cancelAll() }
    try await body()
  }
}
