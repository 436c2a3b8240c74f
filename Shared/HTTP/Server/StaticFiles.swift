import Dispatch
import Glibc

extension Router {
  /// Serves the files below `directory` at `prefix`, with entity tags, so that browsers ask but seldom load again.
  ///
  /// Names that start with a dot, and whatever a link leads to outside the directory, do not exist here.
  ///
  /// - Parameters:
  ///   - prefix: For example `/assets`.
  ///   - index: What a path that ends in a slash means.
  public mutating func staticFiles(_ prefix: String, directory: String, index: String = "index.html") {
    let files = StaticFiles(directory: directory, index: index)
    let pattern = prefix.hasSuffix("/") ? prefix : prefix + "/"
    on(.get, pattern + "{path...}", bodyBytes: 0) { request in
      try await files.response(to: request)
    }
  }
}

/// The files of one directory as responses.
struct StaticFiles: Sendable {
  /// Larger files are sent piece by piece.
  private static let wholeBytes = 256 * 1024
  /// Reading files blocks, so it happens here. Serial: a concurrent queue would block threads that tasks run on.
  private static let queue = DispatchQueue(label: "ringmaster.http.files")

  let directory: String
  let index: String

  func response(to request: HTTPRequest) async throws -> HTTPResponse {
    guard let name = fileName(request.parameters["path"] ?? ""), let file = await open(name) else {
      throw HTTPError.notFound("No such file.")
    }
    let headers: HTTPHeaders = [
      "Content-Type": Self.mediaType(of: name), "ETag": file.entityTag, "Cache-Control": "no-cache",
      "X-Content-Type-Options": "nosniff",
    ]
    if matches(request.headers.values("if-none-match"), file.entityTag) {
      return .empty(.notModified, headers: headers)
    }
    if request.method == .head || file.size > Self.wholeBytes {
      return HTTPResponse(
        headers: headers,
        body: .stream(length: file.size) { writer in
          while let piece = try await Self.read(file, atMost: Self.wholeBytes) {
            try await writer.write(piece)
          }
        })
    }
    var bytes: [UInt8] = []
    while bytes.count < file.size, let piece = try await Self.read(file, atMost: file.size - bytes.count) {
      bytes += piece
    }
    return HTTPResponse(headers: headers, body: .bytes(bytes))
  }

  /// The name below the directory, or nil for one that nobody may ask for.
  private func fileName(_ path: String) -> String? {
    let name = path.isEmpty || path.utf8.last == UInt8(ascii: "/") ? path + index : path
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    let isPlain = parts.allSatisfy { part in
      !part.isEmpty && !part.utf8.starts(with: ".".utf8)
        && part.utf8.allSatisfy { $0 >= 32 && $0 != 127 && $0 != UInt8(ascii: "\\") }
    }
    return isPlain ? name : nil
  }

  private func matches(_ fields: [String], _ entityTag: String) -> Bool {
    fields.flatMap { $0.split(separator: ",") }.contains { tag in
      let tag = trimmed(tag.utf8)
      return tag.elementsEqual("*".utf8) || tag.elementsEqual(entityTag.utf8)
        || tag.elementsEqual("W/\(entityTag)".utf8)
    }
  }

  private func open(_ name: String) async -> OpenFile? {
    await Self.blocking { OpenFile(name, below: directory) }
  }

  private static func read(_ file: OpenFile, atMost count: Int) async throws -> [UInt8]? {
    let bytes = await blocking { file.read(atMost: count) }
    guard let bytes else { throw HTTPError(.internalServerError, "The file cannot be read.") }
    return bytes.isEmpty ? nil : bytes
  }

  private static func blocking<Result: Sendable>(_ work: @escaping @Sendable () -> Result) async -> Result {
    await withCheckedContinuation { continuation in
      queue.async { continuation.resume(returning: work()) }
    }
  }

  static func mediaType(of name: String) -> String {
    let ending = name.split(separator: ".").last.map { $0.lowercased() } ?? ""
    return switch ending {
    case "html": "text/html; charset=utf-8"
    case "css": "text/css; charset=utf-8"
    case "js", "mjs": "text/javascript; charset=utf-8"
    case "json": "application/json"
    case "svg": "image/svg+xml"
    case "png": "image/png"
    case "jpg", "jpeg": "image/jpeg"
    case "webp": "image/webp"
    case "ico": "image/x-icon"
    case "woff2": "font/woff2"
    case "wav": "audio/wav"
    case "mp3": "audio/mpeg"
    case "csv": "text/csv; charset=utf-8"
    case "txt": "text/plain; charset=utf-8"
    default: "application/octet-stream"
    }
  }
}

/// A regular file, closed when the last reference goes. Read by one task, in order.
private final class OpenFile: Sendable {
  let size: Int
  /// Changes whenever the file does.
  let entityTag: String
  private let descriptor: Int32

  /// Nil when there is no such regular file below the directory.
  init?(_ name: String, below directory: String) {
    guard let root = realpath(directory, nil) else { return nil }
    defer { free(root) }
    guard let path = realpath("\(directory)/\(name)", nil) else { return nil }
    defer { free(path) }
    let rootLength = strlen(root)
    guard strncmp(path, root, rootLength) == 0, path[rootLength] == CChar(UInt8(ascii: "/")) else { return nil }
    descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard descriptor >= 0 else { return nil }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      return nil
    }
    size = Int(status.st_size)
    let changed = status.st_mtim.tv_sec * 1_000_000_000 + status.st_mtim.tv_nsec
    entityTag = "\"\(String(size, radix: 36))-\(String(changed, radix: 36))\""
  }

  deinit {
    close(descriptor)
  }

  /// The next bytes; empty at the end, nil on failure.
  func read(atMost count: Int) -> [UInt8]? {
    var failed = false
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      let result = Glibc.read(descriptor, buffer.baseAddress, count)
      failed = result < 0
      initialized = max(0, result)
    }
    return failed ? nil : bytes
  }
}
