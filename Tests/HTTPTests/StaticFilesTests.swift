import Glibc
import Testing

@testable import HTTP

/// A directory with files, gone with this object.
private final class Folder: Sendable {
  let path: String

  init() throws {
    var template = Array("/tmp/static-files-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw SocketFailure(description: "no temporary directory") }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit {
    for name in ["/public/index.html", "/public/a.css", "/public/large", "/public/.hidden", "/public/link", "/secret"] {
      unlink(path + name)
    }
    rmdir(path + "/public")
    rmdir(path)
  }

  func write(_ name: String, _ bytes: [UInt8]) {
    guard let file = fopen(path + name, "w") else { return }
    fwrite(bytes, 1, bytes.count, file)
    fclose(file)
  }
}

@Suite struct StaticFilesTests {
  private func folder() throws -> Folder {
    let folder = try Folder()
    mkdir(folder.path + "/public", 0o755)
    folder.write("/secret", Array("secret".utf8))
    folder.write("/public/index.html", Array("<p>".utf8))
    folder.write("/public/a.css", Array("p{}".utf8))
    folder.write("/public/.hidden", Array("secret".utf8))
    folder.write("/public/large", [UInt8](repeating: 7, count: 1_000_000))
    symlink("../secret", folder.path + "/public/link")
    return folder
  }

  private func get(
    _ folder: Folder, _ requests: [String], _ check: @escaping @Sendable ([String]) -> Void
  ) async throws {
    var router = Router()
    router.staticFiles("/files", directory: folder.path + "/public")
    try await withServer(router) { server in
      var answers: [String] = []
      for request in requests {
        answers.append(try await exchange(server, "\(request) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
      }
      check(answers)
    }
    withExtendedLifetime(folder) {}
  }

  @Test func filesHaveTheirTypeAndTheIndexItsPath() async throws {
    try await get(folder(), ["GET /files/", "GET /files/a.css", "HEAD /files/a.css", "GET /files/large"]) { answers in
      #expect(body(answers[0]) == "<p>")
      #expect(answers[0].range(of: "Content-Type: text/html; charset=utf-8\r\n") != nil)
      #expect(body(answers[1]) == "p{}")
      #expect(answers[1].range(of: "Content-Type: text/css; charset=utf-8\r\n") != nil)
      #expect(answers[2].range(of: "Content-Length: 3\r\n") != nil)
      #expect(body(answers[2]) == "")
      #expect(body(answers[3]).utf8.count == 1_000_000)
    }
  }

  @Test func nothingOutsideTheDirectoryExists() async throws {
    let paths = [
      "../secret", "%2e%2e/secret", "..%2fsecret", "a.css/../../secret", ".hidden", "link", "//etc/passwd", "nothing",
      "%00", "..%5csecret", "a.css%00.png",
    ]
    try await get(folder(), paths.map { "GET /files/\($0)" }) { answers in
      for answer in answers {
        #expect(status(answer) == 404)
        #expect(answer.range(of: "secret") == nil)
      }
    }
  }

  @Test func entityTagsSaveTheBody() async throws {
    let folder = try folder()
    var router = Router()
    router.staticFiles("/", directory: folder.path + "/public")
    try await withServer(router) { server in
      func get(_ tag: String) async throws -> String {
        let field = tag.isEmpty ? "" : "If-None-Match: \(tag)\r\n"
        return try await exchange(server, "GET /a.css HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\(field)\r\n")
      }
      let first = try await get("")
      let tag = try #require(
        first.split(separator: "\r\n").first { $0.hasPrefix("ETag: ") }.map { String($0.dropFirst(6)) })
      for same in [tag, "\"x\", \(tag)", "W/\(tag)", "*"] {
        let answer = try await get(same)
        #expect(status(answer) == 304)
        #expect(body(answer) == "")
      }
      let other = try await get("\"x\"")
      #expect(status(other) == 200)
      folder.write("/public/a.css", Array("q{color:red}".utf8))
      let changed = try await get(tag)
      #expect(body(changed) == "q{color:red}")
    }
  }
}
