import HTTP
import Logging
import Metrics

/// What `run.sh` measures: `http-benchmark serve PORT` answers small requests, `http-benchmark relay PORT UPSTREAM_PORT`
/// passes audio frames between a telephony socket and a voice engine's socket.
@main
struct Main {
  static func main() async throws {
    let arguments = CommandLine.arguments
    guard arguments.count >= 3, let port = Int(arguments[2]) else {
      print("usage: http-benchmark serve PORT | http-benchmark relay PORT UPSTREAM_PORT")
      return
    }
    var router = Router()
    if arguments[1] == "relay", arguments.count == 4 {
      let upstream = "ws://127.0.0.1:\(arguments[3])/v1/realtime"
      router.webSocket("/media") { socket, _ in try await MediaRelay(socket, upstream: upstream).run() }
    } else {
      addHooks(to: &router)
    }
    let server = HTTPServer(
      address: "http://127.0.0.1:\(port)", router: router, logger: Logger(label: "http-benchmark"),
      metrics: MetricsRegistry())
    try await server.run()
  }

  /// The webhook of the floor programs: a two-byte answer; a form that is posted is parsed first.
  private static func addHooks(to router: inout Router) {
    router.on(.get, "/hook") { _ in .text("ok") }
    router.on(.post, "/hook") { request in
      let form = FormEncoding.decode(try await request.body.collect())
      guard form.contains(where: { $0.0 == "CallSid" }) else { throw HTTPError.badRequest("CallSid is missing.") }
      return .text("ok")
    }
  }
}
