import Glibc

/// What went wrong, for whoever started the program.
public struct LoadFailure: Error, CustomStringConvertible {
  public let description: String

  public init(_ description: String) { self.description = description }
}

/// Runs a load program on its arguments. An error goes to standard error and ends it with status 1.
public func loadProgram(_ name: String, _ body: @Sendable ([String]) async throws -> Void) async {
  do {
    try await body(Array(CommandLine.arguments.dropFirst()))
  } catch {
    let text = Array("\(name): \(error)\n".utf8)
    _ = write(STDERR_FILENO, text, text.count)
    exit(1)
  }
}
