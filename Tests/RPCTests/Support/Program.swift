import Dispatch
import Glibc
import Synchronization

/// Another process, whose output a test reads and which a test may kill. It dies with the test: its input ends then.
final class Program: Sendable {
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  /// An executable that was built beside the tests.
  static func beside(_ name: String) throws -> String {
    var path = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = readlink("/proc/self/exe", &path, path.count)
    guard count > 0 else { throw Failure(description: "/proc/self/exe: \(String(cString: strerror(errno)))") }
    let folder = String(decoding: path[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
      .split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 }
    return "\(folder)/\(name)"
  }

  /// Held from the making of pipes until only their owner has them: another program started meanwhile would inherit them.
  private static let spawning = Mutex(())
  private let child: pid_t
  private let input: Int32
  private let output: Int32
  private let reader = DispatchQueue(label: "program")
  private let rest = Mutex<[UInt8]>([])
  private let status = Mutex<Int32?>(nil)

  init(_ path: String, _ arguments: [String]) throws {
    (child, input, output) = try Self.spawning.withLock { _ in try Self.spawn(path, arguments) }
  }

  deinit {
    kill()
    close(input)
    close(output)
  }

  /// `SIGSTOP` and `SIGCONT`.
  func signal(_ signal: Int32) {
    status.withLock { if $0 == nil { Glibc.kill(child, signal) } }
  }

  /// Ends it as a crash would.
  func kill() {
    status.withLock { status in
      guard status == nil else { return }
      Glibc.kill(child, SIGKILL)
      status = Self.wait(child)
    }
  }

  /// Its status once it has ended by itself.
  func end() async -> Int32 {
    while await line() != nil {}
    return status.withLock { status in
      let ended = status ?? Self.wait(child)
      status = ended
      return ended
    }
  }

  /// The next line of what it prints, without its end; nil when there is no more.
  func line() async -> String? {
    await withCheckedContinuation { continuation in
      reader.async { continuation.resume(returning: self.readLine()) }
    }
  }

  private func readLine() -> String? {
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      let line = rest.withLock { rest -> [UInt8]? in
        guard let end = rest.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
        defer { rest.removeFirst(end + 1) }
        return Array(rest[..<end])
      }
      if let line { return String(decoding: line, as: UTF8.self) }
      let count = read(output, &buffer, buffer.count)
      if count > 0 {
        rest.withLock { $0 += buffer[..<count] }
      } else if count == 0 || errno != EINTR {
        return nil
      }
    }
  }

  private static func wait(_ child: pid_t) -> Int32 {
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0, errno == EINTR {}
    return status
  }

  private static func spawn(_ path: String, _ arguments: [String]) throws -> (pid_t, Int32, Int32) {
    var input: [Int32] = [0, 0]
    var output: [Int32] = [0, 0]
    guard pipe(&input) == 0, pipe(&output) == 0 else {
      throw Failure(description: "pipe: \(String(cString: strerror(errno)))")
    }
    for descriptor in input + output { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, input[0], STDIN_FILENO)
    posix_spawn_file_actions_adddup2(&actions, output[1], STDOUT_FILENO)
    posix_spawn_file_actions_adddup2(&actions, output[1], STDERR_FILENO)
    let words = ([path] + arguments).map { strdup($0) }
    defer { for word in words { free(word) } }
    var child = pid_t()
    let status = posix_spawnp(&child, path, &actions, nil, words + [nil], environ)
    close(input[0])
    close(output[1])
    guard status == 0 else {
      close(input[1])
      close(output[0])
      throw Failure(description: "\(path): \(String(cString: strerror(status)))")
    }
    return (child, input[1], output[0])
  }
}
