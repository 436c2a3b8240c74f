import Dispatch
import Glibc

/// The task that is the whole program.
public enum RootTask {
  /// Runs `body`, and ends the process with the status that it gives.
  ///
  /// For a `main` that is not async itself, because an async one lets go of the main thread, and with it of the signals'
  /// default actions, before its first line has run.
  public static func run(_ body: @escaping @Sendable () async -> Int32) -> Never {
    // Awaited by nobody: its end is the process's. Not `exit`, which would run the C libraries' cleaners while their
    // threads are at work. Nothing of ours is buffered.
    Task { _exit(await body()) }
    dispatchMain()
  }
}
