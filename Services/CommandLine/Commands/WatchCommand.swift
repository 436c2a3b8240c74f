import Core
import JSON

/// `ringmaster watch CAMPAIGN`: live progress until the campaign ends.
struct WatchCommand: Sendable {
  let gateway: GatewayClient
  let terminal: Terminal
  let arguments: Arguments

  private static let pause = Duration.milliseconds(500)
  /// Without a terminal to draw on, a line this often.
  private static let linePause = Duration.seconds(10)
  /// How long the gateway may be away before the watch gives up.
  private static let patience = Duration.seconds(60)

  func run() async throws {
    let campaign = try arguments.position(0, "the campaign's id")
    var lastLine = ContinuousClock.now - Self.linePause
    var lastAnswer = ContinuousClock.now
    while true {
      do {
        let progress = try await gateway.get("/api/campaigns/\(campaign)/progress")
        lastAnswer = .now
        let view = ProgressView(progress)
        terminal.status(view.line)
        if view.isOver { return end(view) }
        if !terminal.isInteractive && !terminal.asJSON && .now - lastLine >= Self.linePause {
          terminal.line(view.line)
          lastLine = .now
        }
      } catch let failure as CommandFailure where failure.exitCode == CommandFailure.unreachable {
        if .now - lastAnswer > Self.patience { throw failure }
      }
      try await Task.sleep(for: Self.pause)
    }
  }

  private func end(_ view: ProgressView) {
    if terminal.asJSON { return terminal.json(view.progress) }
    terminal.endStatus()
    for line in view.lines { terminal.line(line) }
  }
}
