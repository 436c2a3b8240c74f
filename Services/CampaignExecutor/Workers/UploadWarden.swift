import Core
import Lifecycle
import Logging

/// Closes uploads that have broken off without anybody saying so, as when the gateway died: their campaigns wait for them.
struct UploadWarden: LifecycleService {
  let name = "upload-warden"
  let store: CampaignStore
  let clock: any BusinessClock
  let logger: Logger

  /// Real time between looks.
  private static let pause = Duration.seconds(30)

  func run() async throws {
    while true {
      do {
        try await closeAbandoned()
      } catch is CancellationError {
        throw CancellationError()
      } catch {
        logger.warning("uploads could not be looked at; trying again", [.error(error)])
      }
      try await Task.sleep(for: Self.pause)
    }
  }

  /// One look. Harmless beside another instance's.
  func closeAbandoned() async throws {
    for upload in try await store.abandonedImports() {
      _ = try await store.closeImport(
        upload.id, campaign: upload.campaign, complete: false, tenant: upload.tenant, now: clock.now())
      logger.info("an upload has broken off", [LogField("import_id", upload.id)])
    }
  }
}
