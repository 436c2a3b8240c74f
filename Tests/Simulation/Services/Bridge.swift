import Core
import EventLog
import Lifecycle
import Logging
import Metrics
import RPC
import RingmasterServices
import Synchronization
import Telephony

@testable import MediaBridge

/// One process of media-bridge: everything but its sockets.
final class Bridge: Sendable {
  let host: Host
  let world: World
  let control: CallControl
  let calls: LiveCalls
  private let rpc: MediaServiceServer
  private let tender: CallTender
  private let watchdog: CallWatchdog
  /// What the process does beside answering; waited for after every step.
  private let tasks = TaskPool(name: "bridge")
  private let engines = TaskPool(name: "engines")
  /// When this process last said that it lives. It does so before whatever it does, though not twice in half its life; in
  /// between it has no time to die in.
  private let saidAlive = Mutex(Instant.distantPast)

  init(_ host: Host, world: World) throws {
    self.host = host
    self.world = world
    let store = try CallStore(
      pool: host.pool, events: world.log(of: host.service), instance: InstanceID(world.newID()))
    control = CallControl(
      store: store, providers: [SimulatedProvider(host: host, carrier: world.carrier)], clock: host.clock, tasks: tasks,
      metrics: BridgeMetrics(MetricsRegistry()), logger: .discarding)
    calls = LiveCalls(
      control: control, engine: SilentEngine(), capacity: 5_000, silenceLimit: .seconds(25), tasks: engines,
      logger: .discarding)
    rpc = MediaServiceServer(MediaBridgeService(control: control, calls: calls))
    tender = CallTender(control: control, calls: calls, settle: Self.settle, logger: .discarding)
    watchdog = CallWatchdog(control: control, calls: calls, streamURL: "http://\(host.name)", logger: .discarding)
  }

  private static let settle = Duration.seconds(20)
  private static let batch = 50

  func end() async {
    engines.cancelAll()
    await tasks.drain()
    await engines.drain()
  }

  /// Answers a call of another service.
  func handle(_ method: MethodDescriptor, _ request: [UInt8], _ context: CallContext) async throws -> [UInt8] {
    try await step {
      do {
        let answer = try await self.rpc.handle(method, request: request, context: context)
        guard self.host.isAlive else { throw RPCError(.unavailable, "connection lost") }
        return answer
      } catch let error as any RPCErrorConvertible {
        throw error.rpcError
      } catch {
        throw RPCError(self.host.isAlive ? .unknown : .unavailable, "failed")
      }
    }
  }

  /// Takes a callback as the route for it does; false when it got no answer.
  func take(_ callback: Carrier.Callback) async -> Bool {
    await step {
      guard let read = TwilioCallback(callback.kind, TwilioParameters(callback.parameters)) else { return false }
      let webhook = StoredWebhook(kind: read.kind, sequence: read.sequence, body: "")
      guard let applied = try? await self.control.report(read.report, of: callback.call, webhook: webhook) else {
        return false
      }
      if applied.call.record.state.isTerminal { self.calls.release(callback.call) }
      // What followed from the report is done first: which of the two takes the call's lock would be a race.
      await self.tasks.drain()
      if callback.kind == .voice { return await self.openSession(callback) }
      return true
    }
  }

  /// The carrier opens the call's stream here, and the conversation begins.
  private func openSession(_ callback: Carrier.Callback) async -> Bool {
    guard
      let applied = try? await control.report(.sessionOpened, of: callback.call, owner: control.store.instance),
      applied.effects.contains(.sessionBegan)
    else { return false }
    world.carrier.setStream(host.name, of: callback.id)
    return true
  }

  /// The stream has ended. What cannot be stored is tried again as long as the process lives.
  func closeSession(_ call: CallID) async {
    guard host.isAlive else { return }
    let isStored = await step { (try? await self.control.report(.sessionClosed, of: call)) != nil }
    calls.remove(call)
    guard !isStored, host.isAlive else { return }
    world.agenda.add(world.clock.now() + .seconds(1), "close session") { await self.closeSession(call) }
  }

  // MARK: Workers

  func tend() async -> Bool {
    await step {
      let due = try? await self.control.store.claimWork(
        most: Self.batch, lease: CallUpkeep.requestLimit + .seconds(2), settle: Self.settle)
      for work in (due ?? []).sorted(by: { $0.call.call < $1.call.call }) {
        await self.tender.tend(work)
        await self.tasks.drain()
      }
      return !(due ?? []).isEmpty
    }
  }

  func watch() async -> Bool {
    await step {
      do {
        let store = self.control.store
        for call in try await store.abandonedSessions(most: Self.batch).sorted() {
          try await self.control.report(.sessionBroken, of: call)
        }
        let now = self.control.clock.now()
        let overdue = try await store.claimOverdue(
          now: now, next: self.control.deadlines.next(after: now), most: 2 * Self.batch)
        for call in overdue.sorted(by: { $0.call < $1.call }) {
          try? await self.control.lookAfter(call)
          await self.tasks.drain()
        }
        for call in try await store.ended(among: self.calls.unanswered) { self.calls.release(call) }
        return !overdue.isEmpty || self.calls.count > 0
      } catch {
        return true
      }
    }
  }

  private func isTimeToSayAlive() -> Bool {
    let now = world.clock.now()
    return saidAlive.withLock { said in
      guard said + .seconds(5) <= now else { return false }
      said = now
      return true
    }
  }

  /// Runs what this process does, to the end of all that follows from it.
  private func step<R: Sendable>(_ body: @escaping @Sendable () async throws -> R) async rethrows -> R {
    try await world.run(on: host) {
      if isTimeToSayAlive() { try? await watchdog.stayAlive() }
      do {
        let result = try await body()
        await self.tasks.drain()
        return result
      } catch {
        await self.tasks.drain()
        throw error
      }
    }
  }
}
