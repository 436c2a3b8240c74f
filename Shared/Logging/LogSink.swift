import Glibc
import Synchronization

/// Where log lines go.
public protocol LogSink: Sendable {
  /// Takes one line, with its line end. Must not wait for anybody who may log.
  func write(_ line: [UInt8])
}

/// Standard error, one `write(2)` a line, so that lines of several threads and processes never mix.
public struct StandardErrorSink: LogSink {
  public init() {}

  public func write(_ line: [UInt8]) {
    unsafe line.withUnsafeBytes { buffer in
      var rest = unsafe buffer[...]
      while unsafe !rest.isEmpty {
        let written = unsafe Glibc.write(STDERR_FILENO, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
        if written > 0 {
          unsafe rest = rest.dropFirst(written)
        } else if errno != EINTR {
          return  // Nobody reads standard error, or its pipe is full: logging must not stop the service.
        }
      }
    }
  }
}

/// Keeps lines in memory, for tests.
public final class CapturingSink: LogSink {
  private let captured = Mutex<[String]>([])

  public init() {}

  /// Everything written so far, without line ends.
  public var lines: [String] { captured.withLock { $0 } }

  public func write(_ line: [UInt8]) {
    let text = String(decoding: line.dropLast(), as: UTF8.self)
    captured.withLock { $0.append(text) }
  }
}
