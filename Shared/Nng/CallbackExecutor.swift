import Dispatch
import Glibc

/// Runs tasks that live on nng: a task that one of its completions wakes goes on at once on nng's own thread, without a
/// hand-over to another one. On the machines this was measured on, a hand-over costs more than parsing and answering a
/// small request.
///
/// Woken by anything else, or when a callback has run tasks for long enough, such a task goes on on a small pool of this
/// executor's. Code that runs here must never block, as everywhere in Swift's concurrency; blocking would hold up nng
/// besides.
public final class CallbackExecutor: TaskExecutor {
  public static let shared = CallbackExecutor()

  private let pool = DispatchQueue(label: "ringmaster.callbacks", attributes: .concurrent)

  private init() {}

  public func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    if let thread = CallbackThread.current {
      thread.take(job)
    } else {
      enqueueOnPool(job)
    }
  }

  fileprivate func enqueueOnPool(_ job: UnownedJob) {
    let executor = asUnownedTaskExecutor()
    pool.async { job.runSynchronously(on: executor) }
  }
}

/// What one of nng's threads still has to run before its callback returns. Only that thread touches it.
private final class CallbackThread {
  /// A callback that has run tasks for this many nanoseconds leaves the rest to the other cores. Long enough for some
  /// hundred quick ones, which had better stay together.
  private static let patience: UInt64 = 500_000

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

  func take(_ job: UnownedJob) {
    jobs.append(job)
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
    guard !thread.isInCallback else { return body() }  // Within another one, which then runs what this woke.
    thread.isInCallback = true
    body()
    thread.runJobs()
    thread.isInCallback = false
  }

  private func runJobs() {
    guard !jobs.isEmpty else { return }
    let executor = CallbackExecutor.shared.asUnownedTaskExecutor()
    let start = nanoseconds()
    var isLate = false
    var next = 0
    while next < jobs.count {
      let job = jobs[next]
      next += 1
      if next.isMultiple(of: 4) {
        isLate = nanoseconds() - start > CallbackThread.patience
      }
      if isLate {
        CallbackExecutor.shared.enqueueOnPool(job)
      } else {
        job.runSynchronously(on: executor)
      }
    }
    jobs.removeAll(keepingCapacity: true)
  }

  private func nanoseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
  }
}

/// Runs what an nng callback wakes on the callback's own thread, as far as it prefers `CallbackExecutor`.
func runOnCallbackThread(_ body: () -> Void) {
  CallbackThread.run(body)
}
