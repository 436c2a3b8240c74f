import Core
import Dispatch
import Glibc
import Postgres
import Synchronization

/// The private PostgreSQL of this test process.
///
/// `RINGMASTER_TEST_DATABASE_URL` names another server to use, as an administrator. Otherwise `deploy/postgres.sh`
/// starts one that is destroyed when this process ends, however it ends.
public final class TestServer: Sendable {
  /// Something that stands in a test's way.
  public struct Failure: Error, CustomStringConvertible {
    public let description: String
  }

  /// Address of the server's first database, for an administrator.
  public let url: String
  /// Folder of the private server; nil when it is somebody else's.
  public let folder: String?
  private let nextNumber = Mutex(1)
  private let templates = Templates()

  private init(url: String, folder: String?) {
    self.url = url
    self.folder = folder
  }

  private static let one = Once()

  /// The server, started on first use. A failure is remembered, so that a thousand tests do not each try.
  public static func shared() async throws -> TestServer {
    try await one.value {
      if let given = getenv("RINGMASTER_TEST_DATABASE_URL") {
        return TestServer(url: String(cString: given), folder: nil)
      }
      return try await start(in: "\(repository)/.local/test-postgres/\(getpid())", owner: getpid())
    }
  }

  /// A server of a test's own, for what would disturb others, such as stopping it. To be destroyed by the test.
  ///
  /// - Parameter overTCP: Listens on a free port and asks for passwords, instead of on a Unix socket that asks for none.
  public static func start(in folder: String, owner: Int32, overTCP: Bool = false) async throws -> TestServer {
    let port = overTCP ? ["--port", "0"] : []
    let output = try await script(["start", folder, "--fast", "--owner", "\(owner)"] + port)
    guard let url = output.split(separator: "\n").last else {
      throw Failure(description: "postgres.sh printed nothing")
    }
    return TestServer(url: String(url), folder: folder)
  }

  /// A folder for a server of a test's own.
  public static func folder(_ name: String) -> String {
    "\(repository)/.local/test-postgres/\(getpid())-\(name)"
  }

  public func stop() async throws { try await control("stop") }
  public func restart() async throws {
    try await control("stop")
    _ = try await TestServer.script(["start", try ownFolder(), "--fast"])
  }
  public func destroy() async throws { try await control("destroy") }

  /// A new database: empty, or a copy of one on which `migrators` ran.
  func makeDatabase(_ migrators: [Migrator]) async throws -> TestDatabase {
    let template = migrators.isEmpty ? "template0" : try await templates.name(for: migrators, on: self)
    return try await copy(template)
  }

  func copy(_ template: String) async throws -> TestDatabase {
    let number = nextNumber.withLock { number in
      defer { number += 1 }
      return number
    }
    let name = "test_\(getpid())_\(number)"
    let admin = adminPool()
    defer { admin.close() }
    try await admin.execute(
      NamedQuery(name: "create database", sql: "create database \(name) template \(template) strategy file_copy"))
    return TestDatabase(url: url(of: name), name: name)
  }

  func drop(_ database: TestDatabase) async throws {
    let admin = adminPool()
    defer { admin.close() }
    try await admin.execute(
      NamedQuery(name: "drop database", sql: "drop database if exists \(database.name) with (force)"))
  }

  private func adminPool() -> PostgresPool {
    PostgresPool(configuration: PostgresConfiguration(url: url, applicationName: "test administrator", poolSize: 1))
  }

  /// `url` with another database: the last part of the path.
  private func url(of database: String) -> String {
    let parts = url.split(separator: "?", maxSplits: 1)
    let base = parts[0].lastIndex(of: "/").map { parts[0][...$0] } ?? parts[0]
    return base + database + (parts.count > 1 ? "?" + parts[1] : "")
  }

  private func ownFolder() throws -> String {
    guard let folder else { throw Failure(description: "the test server is not ours to control") }
    return folder
  }

  private func control(_ command: String) async throws {
    _ = try await TestServer.script([command, try ownFolder()])
  }

  /// The folder above `Tests/Support`.
  private static let repository = #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 }

  private static func script(_ arguments: [String]) async throws -> String {
    try await withCheckedThrowingContinuation { continuation in
      DispatchQueue(label: "postgres.sh").async {
        continuation.resume(with: Result { try run("\(repository)/deploy/postgres.sh", arguments) })
      }
    }
  }
}

/// A value that is made once, by whoever asks first.
private actor Once {
  private var task: Task<TestServer, any Error>?

  func value(_ make: @escaping @Sendable () async throws -> TestServer) async throws -> TestServer {
    if let task { return try await task.value }
    let task = Task { try await make() }  // Awaited by everybody who asks.
    self.task = task
    return try await task.value
  }
}

/// Databases on which migrations ran, by what ran. Copied by tests, never connected to.
private actor Templates {
  private var made: [[Migration]: Task<String, any Error>] = [:]

  func name(for migrators: [Migrator], on server: TestServer) async throws -> String {
    let key = migrators.flatMap { migrator in
      [Migration(component: migrator.schema, number: 0, name: migrator.role, sql: "")] + migrator.migrations
    }
    if let task = made[key] { return try await task.value }
    let task = Task {  // Awaited by everybody who asks.
      let database = try await server.copy("template0")
      for migrator in migrators { try await migrator.run(on: database.url) }
      return database.name
    }
    made[key] = task
    return try await task.value
  }
}

/// Held from the making of a pipe until only its owner has it: another program started meanwhile would inherit it, and
/// its reader would wait for that program's end.
private let spawning = Mutex(())

/// Runs a program to its end and returns what it printed. Blocks.
private func run(_ program: String, _ arguments: [String]) throws -> String {
  let (child, output) = try spawning.withLock { _ in try spawn(program, arguments) }
  defer { close(output) }
  var printed: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 4096)
  while true {
    let count = read(output, &buffer, buffer.count)
    if count > 0 { printed += buffer[..<count] } else if count == 0 || errno != EINTR { break }
  }
  var result: Int32 = 0
  while waitpid(child, &result, 0) < 0, errno == EINTR {}
  let text = String(decoding: printed, as: UTF8.self)
  guard result == 0 else { throw TestServer.Failure(description: "\(program) \(arguments): \(text)") }
  return text
}

/// Starts a program whose output goes to the descriptor returned.
private func spawn(_ program: String, _ arguments: [String]) throws -> (child: pid_t, output: Int32) {
  var pipes: [Int32] = [0, 0]
  guard pipe(&pipes) == 0 else { throw TestServer.Failure(description: "pipe: \(String(cString: strerror(errno)))") }
  for descriptor in pipes { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
  var actions = posix_spawn_file_actions_t()
  posix_spawn_file_actions_init(&actions)
  defer { posix_spawn_file_actions_destroy(&actions) }
  for target in [STDOUT_FILENO, STDERR_FILENO] { posix_spawn_file_actions_adddup2(&actions, pipes[1], target) }
  let words = ([program] + arguments).map { strdup($0) }
  defer { for word in words { free(word) } }
  var child = pid_t()
  let status = posix_spawn(&child, program, &actions, nil, words + [nil], environ)
  close(pipes[1])
  guard status == 0 else {
    close(pipes[0])
    throw TestServer.Failure(description: "\(program): \(String(cString: strerror(status)))")
  }
  return (child, pipes[0])
}
