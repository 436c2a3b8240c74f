import Dispatch
import Glibc

/// Runs tasks that live on streams: a task that a stream's completion wakes goes on at once on nng's own thread,
/// without a hand-over to another one. On the machines this was measured on, a hand-over costs more than parsing and
/// answering a small HTTP request.
///
/// Woken by anything else, such a task goes on on a small pool of this executor's. Code that runs here must never
/// block, as everywhere in Swift's concurrency; blocking would hold up nng besides.
public final class StreamExecutor: TaskExecutor {
  public static let shared = StreamExecutor()

  private let pool = DispatchQueue(label: "ringmaster.streams", attributes: .concurrent)

  private init() {}

  public func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    if let thread = CallbackThread.current, thread.take(job) {
      return
    }
    let executor = asUnownedTaskExecutor()
    pool.async { job.runSynchronously(on: executor) }
  }
}

/// What one of nng's threads still has to run before its callback returns. Only that thread touches it.
private final class CallbackThread {
  /// More than these and the other cores should help.
  private static let jobsAtMost = 4

  private var jobs: [UnownedJob] = []
  private var isInCallback = false

  private static let key: pthread_key_t = {
    var key = pthread_key_t()
    // nng's threads live as long as the process, so that nothing has to be freed when one ends.
    precondition(pthread_key_create(&key, nil) == 0, "no room for a thread-local value")
    return key
  }()

  /// This thread's, if nng is calling back on it right now.
  static var current: CallbackThread? {
    guard let pointer = pthread_getspecific(key) else { return nil }
    let thread = Unmanaged<CallbackThread>.fromOpaque(pointer).takeUnretainedValue()
    return thread.isInCallback ? thread : nil
  }

  func take(_ job: UnownedJob) -> Bool {
    guard jobs.count < Self.jobsAtMost else { return false }
    jobs.append(job)
    return true
  }

  /// Runs `body`, then the tasks that it woke and those that they woke.
  static func run(_ body: () -> Void) {
    let thread: CallbackThread
    if let pointer = pthread_getspecific(key) {
      thread = Unmanaged<CallbackThread>.fromOpaque(pointer).takeUnretainedValue()
    } else {
      thread = CallbackThread()
      pthread_setspecific(key, Unmanaged.passRetained(thread).toOpaque())
    }
    thread.isInCallback = true
    body()
    let executor = StreamExecutor.shared.asUnownedTaskExecutor()
    while !thread.jobs.isEmpty {
      thread.jobs.removeFirst().runSynchronously(on: executor)
    }
    thread.isInCallback = false
  }
}

/// Runs what an nng callback wakes on the callback's own thread, as far as it prefers `StreamExecutor`.
func runOnCallbackThread(_ body: () -> Void) {
  CallbackThread.run(body)
}
