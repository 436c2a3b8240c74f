import Glibc

/// `ringmaster migrate [SERVICE…]`: has each service's executable bring its own schema up to date. The migrations are in
/// the executables, so that what runs and what it expects cannot differ.
struct MigrateCommand: Sendable {
  let terminal: Terminal
  /// This program's own path: the services' executables lie beside it.
  let executable: String

  private static let services = [
    "campaign-executor", "auto-dialer", "outcome-tracker", "qualification-scorer", "kb-generator", "media-bridge",
    "follow-up", "gateway",
  ]

  func run(_ wanted: [String]) throws {
    for name in wanted where !Self.services.contains(name) {
      throw Arguments.UsageError(
        description: "\(name) has no schema; those with one are \(Self.services.joined(separator: ", "))")
    }
    let folder =
      executable.contains("/")
      ? executable.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/") + "/" : ""
    for name in wanted.isEmpty ? Self.services : wanted {
      let code = try wait(for: folder + name)
      guard code == 0 else {
        throw CommandFailure(
          exitCode: CommandFailure.refused, description: "\(name) could not migrate (exit code \(code))")
      }
      terminal.line("\(name): schema is up to date")
    }
  }

  /// Runs `path --migrate` and gives its exit code.
  private func wait(for path: String) throws -> Int32 {
    var process = pid_t()
    var words: [UnsafeMutablePointer<CChar>?] = [strdup(path), strdup("--migrate"), nil]
    defer { for word in words { free(word) } }
    let failure = posix_spawnp(&process, path, nil, nil, &words, environ)
    guard failure == 0 else {
      throw CommandFailure(
        exitCode: CommandFailure.refused, description: "\(path) cannot be run: \(String(cString: strerror(failure)))")
    }
    var status: Int32 = 0
    while waitpid(process, &status, 0) == -1 && errno == EINTR {}
    return status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F)
  }
}
