import Core
import Synchronization

/// When the database hears what time it is.
extension World {
  static let carriers: Set = ["carrier", "late placement"]
  /// What the carrier does by itself needs no database, nor does a read of a log that has nothing new.
  static let timeless = Service.allCases.reduce(into: carriers) { labels, service in
    for source in Service.allCases { labels.insert(reading(service, source)) }
  }

  static func reading(_ service: Service, _ source: Service) -> String { "\(service) reads \(source)" }

  /// The database hears what time it is, to the second.
  func tellTime() async throws {
    let now = clock.now()
    let isNews = state.withLock { state in
      guard state.databaseTime + .seconds(1) <= now else { return false }
      state.databaseTime = now
      return true
    }
    if isNews { try await database.setTime(now) }
  }
}
