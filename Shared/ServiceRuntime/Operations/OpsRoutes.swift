import Core
import HTTP
import JSON
import Metrics

/// What operators and their tools ask of every service.
enum OpsRoutes {
  /// - Parameter service: The program's name.
  static func router(service: String, readiness: Readiness, metrics: MetricsRegistry) -> Router {
    let started = ContinuousClock.now
    var router = Router()
    router.on(.get, "/health") { _ in
      let uptime = started.duration(to: .now).inSeconds.rounded(.down)
      return .json(["status": "alive", "service": .string(service), "uptimeSeconds": .integer(Int64(uptime))])
    }
    router.on(.get, "/ready") { _ in
      let report = await readiness.look()
      return .json(report.json, status: report.isReady ? .ok : .serviceUnavailable)
    }
    router.on(.get, "/metrics") { _ in
      .text(metrics.render(), contentType: "text/plain; version=0.0.4; charset=utf-8")
    }
    return router
  }
}
