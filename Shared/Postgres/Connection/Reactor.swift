internal import CPostgres
import Glibc
import Synchronization

/// Something that has deadlines.
protocol TickHandler: AnyObject, Sendable {
  /// Called on the reactor's thread about once a second. Must not block.
  func tick(_ now: ContinuousClock.Instant)
}

/// Something with a socket that the reactor watches.
protocol SocketHandler: TickHandler {
  /// Called on the reactor's thread when the socket can be read or written. Must not block.
  func socketIsReady(readable: Bool, writable: Bool)
}

/// The one thread that waits for the sockets of all connections of the process.
///
/// A dispatch source would wake its manager thread, then the queue's thread, then the caller's: at 20 to 35 µs a
/// wake-up that is most of a round trip. Here the thread that the kernel wakes reads the results itself and resumes the
/// caller, and statements are sent by the callers' own threads.
final class Reactor: Sendable {
  /// Started on first use, never stopped: it holds one thread and one descriptor.
  static let shared: Result<Reactor, PostgresError> = Reactor.start()

  /// How long a wait may last, so that deadlines are looked at.
  private static let tickMilliseconds: Int32 = 1000

  private struct Table {
    var handlers: [UInt64: any SocketHandler] = [:]
    var tickers: [WeakTicker] = []
    var nextToken: UInt64 = 1
  }

  private let epoll: Int32
  private let table = Mutex(Table())
  private let operations = Atomic(0)

  private init(epoll: Int32) {
    self.epoll = epoll
  }

  private static func start() -> Result<Reactor, PostgresError> {
    let epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
    guard epoll >= 0 else {
      return .failure(PostgresError(.server, "epoll_create1: \(String(cString: strerror(errno)))"))
    }
    let reactor = Reactor(epoll: epoll)
    var thread = pthread_t()
    let context = Unmanaged.passRetained(reactor).toOpaque()  // Kept by the thread, which never ends.
    let status = pthread_create(&thread, nil, runReactor, context)
    guard status == 0 else {
      Unmanaged<Reactor>.fromOpaque(context).release()
      close(epoll)
      return .failure(PostgresError(.server, "pthread_create: \(String(cString: strerror(status)))"))
    }
    pthread_detach(thread)
    return .success(reactor)
  }

  /// Watches `descriptor` for input until `remove`. Returns the token that names it.
  func add(_ descriptor: Int32, _ handler: any SocketHandler) throws(PostgresError) -> UInt64 {
    let token = table.withLock { table in
      defer { table.nextToken += 1 }
      table.handlers[table.nextToken] = handler
      return table.nextToken
    }
    var event = epoll_event(events: EPOLLIN.rawValue, data: epoll_data_t(u64: token))
    guard epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) == 0 else {
      let message = String(cString: strerror(errno))
      _ = table.withLock { $0.handlers.removeValue(forKey: token) }
      throw PostgresError(.server, "epoll_ctl: \(message)")
    }
    return token
  }

  /// Calls `ticker` about once a second for as long as it lives.
  func add(ticker: any TickHandler) {
    table.withLock { table in
      table.tickers.removeAll { $0.ticker == nil }
      table.tickers.append(WeakTicker(ticker: ticker))
    }
  }

  /// What to watch `descriptor` for from now on.
  func watch(_ descriptor: Int32, token: UInt64, reading: Bool, writing: Bool) {
    let events = (reading ? EPOLLIN.rawValue : 0) | (writing ? EPOLLOUT.rawValue : 0)
    var event = epoll_event(events: events, data: epoll_data_t(u64: token))
    epoll_ctl(epoll, EPOLL_CTL_MOD, descriptor, &event)
  }

  /// Operations of all connections that somebody waits for.
  var operationsUnderWay: Int { operations.load(ordering: .relaxed) }

  func operationBegins() {
    operations.add(1, ordering: .relaxed)
  }

  func operationEnded() {
    operations.subtract(1, ordering: .relaxed)
  }

  /// Stops watching. To be called before the descriptor is closed.
  func remove(_ descriptor: Int32, token: UInt64) {
    var event = epoll_event()
    epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, &event)
    let handler = table.withLock { $0.handlers.removeValue(forKey: token) }
    withExtendedLifetime(handler) {}  // Its last release, if this is it, happens outside the lock.
  }

  fileprivate func run() {
    var events = [epoll_event](repeating: epoll_event(), count: 64)
    var nextTick = ContinuousClock.now + .milliseconds(Int(Reactor.tickMilliseconds))
    while true {
      let count = epoll_wait(epoll, &events, Int32(events.count), Reactor.tickMilliseconds)
      for index in 0..<max(0, Int(count)) {
        let event = events[index]
        guard let handler = table.withLock({ $0.handlers[event.data.u64] }) else { continue }
        let failed = event.events & (EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0
        handler.socketIsReady(
          readable: failed || event.events & EPOLLIN.rawValue != 0,
          writable: failed || event.events & EPOLLOUT.rawValue != 0)
      }
      let now = ContinuousClock.now
      if now >= nextTick {
        nextTick = now + .milliseconds(Int(Reactor.tickMilliseconds))
        let tickers = table.withLock { table in
          table.tickers.compactMap(\.ticker) + table.handlers.values.map { $0 as any TickHandler }
        }
        for ticker in tickers { ticker.tick(now) }
      }
    }
  }
}

private struct WeakTicker {
  weak var ticker: (any TickHandler)?
}

private func runReactor(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  guard let context else { return nil }
  pthread_setname_np(pthread_self(), "postgres")
  Unmanaged<Reactor>.fromOpaque(context).takeUnretainedValue().run()
  return nil
}
