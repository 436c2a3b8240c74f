internal import CCurl
import Glibc
import Synchronization

/// The thread on which one client's transfers run, around libcurl's multi handle.
///
/// The thread keeps the loop alive until `stop`; afterwards commands have no effect but that transfers fail.
final class CurlLoop: @unchecked Sendable {
  enum Command {
    case start(Transfer)
    case cancel(Transfer)
    case resume(Transfer)
  }

  private struct Inbox {
    var commands: [Command] = []
    var isStopped = false
    /// Gone once the thread has cleaned up: nothing may touch the multi handle then.
    var isOver = false
  }

  /// Handles kept for later requests; making one costs more than resetting it.
  private static let idleHandles = 32
  /// libcurl's own time-outs wake the thread earlier.
  private static let pollMilliseconds: Int32 = 60_000

  /// libcurl's global set-up, once per process.
  private static let isReady: Bool = ccurl_global_init() == CURLE_OK

  private let inbox = Mutex(Inbox())
  /// Used by the thread, and by `submit` for waking it up, which libcurl allows from any thread.
  private let multi: UnsafeMutableRawPointer

  // All that follows is touched by the thread only.
  private var running: [UnsafeMutableRawPointer: Transfer] = [:]
  private var idle: [UnsafeMutableRawPointer] = []

  private init(_ options: HTTPClient.Options) {
    precondition(Self.isReady, "libcurl cannot be set up")
    guard let multi = curl_multi_init() else { preconditionFailure("libcurl has no memory for a multi handle") }
    self.multi = multi
    ccurl_multi_set_long(multi, CURLMOPT_MAX_HOST_CONNECTIONS, options.connectionsPerHost)
    ccurl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, options.idleConnections)
  }

  static func start(_ options: HTTPClient.Options) -> CurlLoop {
    let loop = CurlLoop(options)
    var thread = pthread_t()
    let context = Unmanaged.passRetained(loop).toOpaque()
    let result = pthread_create(&thread, nil, curlLoopMain, context)
    precondition(result == 0, "no thread for the HTTP client")
    pthread_detach(thread)
    return loop
  }

  func submit(_ command: Command) {
    let isRefused = inbox.withLock { inbox in
      guard !inbox.isStopped else { return true }
      inbox.commands.append(command)
      curl_multi_wakeup(multi)
      return false
    }
    if isRefused, case .start(let transfer) = command {
      transfer.receiver.didEnd(transfer.error(.closed, "the HTTP client is closed"))
    }
  }

  /// Ends all transfers and the thread.
  func stop() {
    inbox.withLock { inbox in
      inbox.isStopped = true
      if !inbox.isOver {
        curl_multi_wakeup(multi)
      }
    }
  }

  // MARK: On the thread

  fileprivate func run() {
    ccurl_name_thread("http-client")
    while takeCommands() {
      var count: Int32 = 0
      curl_multi_perform(multi, &count)
      takeResults()
      curl_multi_poll(multi, nil, 0, Self.pollMilliseconds, nil)
    }
    for transfer in running.values {
      end(transfer, transfer.error(.closed, "the HTTP client is closed"))
    }
    inbox.withLock { $0.isOver = true }
    for handle in idle {
      curl_easy_cleanup(handle)
    }
    curl_multi_cleanup(multi)
  }

  /// - Returns: False once the loop is stopped.
  private func takeCommands() -> Bool {
    let (commands, isStopped) = inbox.withLock { inbox in
      defer { inbox.commands = [] }
      return (inbox.commands, inbox.isStopped)
    }
    for command in commands {
      switch command {
      case .start(let transfer):
        start(transfer)
      case .cancel(let transfer):
        // A transfer that was cancelled before it started has no handle yet, and its start came before this.
        if let handle = transfer.handle, running[handle] === transfer {
          end(transfer, transfer.error(.cancelled, "the request was cancelled"))
        }
      case .resume(let transfer):
        if let handle = transfer.handle, running[handle] === transfer {
          curl_easy_pause(handle, CURLPAUSE_CONT)
        }
      }
    }
    return !isStopped
  }

  private func start(_ transfer: Transfer) {
    guard let handle = idle.popLast() ?? curl_easy_init() else {
      transfer.receiver.didEnd(transfer.error(.other, "libcurl has no memory for a request"))
      return
    }
    running[handle] = transfer
    if let error = transfer.prepare(handle) {
      end(transfer, error)
    } else if curl_multi_add_handle(multi, handle) != CURLM_OK {
      end(transfer, transfer.error(.other, "libcurl cannot take another request"))
    }
  }

  private func takeResults() {
    var left: Int32 = 0
    while let message = curl_multi_info_read(multi, &left) {
      guard message.pointee.msg == CURLMSG_DONE, let handle = message.pointee.easy_handle,
        let transfer = running[handle]
      else { continue }
      end(transfer, transfer.outcome(ccurl_message_result(message)))
    }
  }

  private func end(_ transfer: Transfer, _ error: HTTPClientError?) {
    guard let handle = transfer.handle else { return }
    running[handle] = nil
    curl_multi_remove_handle(multi, handle)
    transfer.release()
    if idle.count < Self.idleHandles {
      curl_easy_reset(handle)
      idle.append(handle)
    } else {
      curl_easy_cleanup(handle)
    }
    transfer.receiver.didEnd(error)
  }
}

private func curlLoopMain(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  guard let context else { return nil }
  Unmanaged<CurlLoop>.fromOpaque(context).takeRetainedValue().run()
  return nil
}
