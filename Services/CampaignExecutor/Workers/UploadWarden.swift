import Core
import Lifecycle
import Logging

/// Closes uploads that have broken off without anybody saying so, as when the gateway died: their campaigns wait for them.
struct UploadWarden: Sendable {
  let store: CampaignStore
  let clock: any BusinessClock
  let logger: Logger

  /// Real time between looks.
  private static let pause = Duration.seconds(30)

  var service: Rounds {
    Rounds(
      "upload-warden", every: Self.pause, afterFailure: Self.pause, logger: logger,
      failure: "uploads could not be looked at; trying again"
    ) {
      try await closeAbandoned()
      return false
    }
  }

  /// One look. Harmless beside another instance's.
  func closeAbandoned() async throws {
    try await Rounds.each(store.abandonedImports()) { upload in
      _ = try await store.closeImport(
        upload.id, campaign: upload.campaign, complete: false, tenant: upload.tenant, now: clock.now())
      logger.info("an upload has broken off", [LogField("import_id", upload.id)])
    }
  }
}
