import Core
import EventLog
import HTTP
import JSON
import Logging
import Metrics
import Postgres
import RPC
import RingmasterMessages
import TestSupport
import Testing

@testable import CampaignExecutor

@Suite struct WebhookTests {
  /// What a webhook test needs besides the store: the endpoint's side of it.
  private struct Setup {
    let executor: ExecutorFixture
    let webhooks: WebhookStore
    let http = HTTPClient(WebhookSender.httpOptions)
    let wallClock = ManualClock(ExecutorFixture.start)

    init(_ executor: ExecutorFixture) throws {
      self.executor = executor
      webhooks = try WebhookStore(campaigns: executor.store)
    }

    func sender() -> WebhookSender {
      WebhookSender(
        store: webhooks, http: http, wallClock: wallClock, clock: executor.clock, logger: .discarding,
        metrics: MetricsRegistry())
    }

    func endpoint(_ url: String, kinds: [String] = []) async throws -> (id: WebhookID, secret: String) {
      let secret = Array(UInt8(0)..<32)
      let endpoint = try await webhooks.create(
        url: url, secret: secret, kinds: kinds, tenant: executor.tenant, now: wallClock.now())
      guard let id = WebhookID(endpoint.endpointId) else { throw ExecutorFixture.Unexpected() }
      return (id, WebhookSignature.text(ofSecret: secret))
    }

    func state(_ id: WebhookID) async throws -> WebhookEndpoint {
      guard let endpoint = try await webhooks.endpoint(id, tenant: executor.tenant) else {
        throw ExecutorFixture.Unexpected()
      }
      return endpoint
    }

    /// Writes notifications, and lets the queue take them in.
    func notify(_ texts: [String]) async throws {
      for text in texts {
        try await executor.pool.transaction(name: "notify") { transaction in
          try await executor.store.notify(
            "test", campaign: nil, severity: .info, text: text, tenant: executor.tenant, now: executor.clock.now(),
            in: transaction)
        }
      }
      try await enqueue()
    }

    /// What the log's consumer does, once, over the events that no message was made of.
    func enqueue() async throws {
      let known = try await executor.number("select coalesce(max(last_sequence), 0) from webhook_endpoint")
      let events = try await executor.events().filter { try WebhookKind.content(of: $0) != nil }
      try await executor.pool.transaction(name: "enqueue") { transaction in
        try await webhooks.enqueue(
          Array(events.dropFirst(Int(known))), now: wallClock.now(), in: transaction)
      }
    }
  }

  @Test func messagesArriveInOrderNumberedAndSigned() async throws {
    try await ExecutorFixture.with { executor in
      try await WebhookReceiver.with { receiver, url in
        let setup = try Setup(executor)
        let (id, secret) = try await setup.endpoint(url)
        try await setup.notify(["one", "two", "three"])
        #expect(try await setup.sender().sendTurn())
        let deliveries = receiver.deliveries
        #expect(deliveries.map(\.sequence) == [1, 2, 3])
        #expect(Set(deliveries.map(\.id)).count == 3)
        #expect(deliveries.allSatisfy { $0.isSigned(with: secret) })
        #expect(deliveries.allSatisfy { $0.timestamp == "1790000000" })
        let bodies = try deliveries.map { try JSONValue.parse($0.body) }
        #expect(bodies.map { $0["data"]?["text"] } == ["one", "two", "three"])
        #expect(bodies.map { $0["sequence"] } == [1, 2, 3])
        #expect(bodies.map { $0["type"] } == ["notification", "notification", "notification"])
        #expect(zip(bodies, deliveries).allSatisfy { $0["id"] == .string($1.id) })
        let state = try await setup.state(id)
        #expect(state.acknowledgedSequence == 3 && state.lastSequence == 3 && state.nextAttemptAt == nil)
        #expect(try await !setup.sender().sendTurn())
      }
    }
  }

  @Test func anEndpointGetsItsKindsWithoutAGap() async throws {
    try await ExecutorFixture.with { executor in
      let setup = try Setup(executor)
      let (all, _) = try await setup.endpoint("https://example.com/all")
      let (some, _) = try await setup.endpoint("https://example.com/some", kinds: ["lead.completed"])
      let (campaign, leads) = try await executor.campaign(leads: 2)
      let facts = leads.map { DialerFact(campaign: campaign, lead: $0) }
      try await executor.take([
        facts[0].started("a"), facts[0].finished("a", .qualified), facts[1].started("b"),
        facts[1].finished("b", .noAnswer),
      ])
      try await setup.enqueue()
      func kinds(_ id: WebhookID) async throws -> [String] {
        let messages = try await setup.webhooks.messages(of: id, tenant: executor.tenant, after: 0, limit: 100)
        #expect(messages.map(\.sequence) == messages.indices.map { Int64($0 + 1) })
        return messages.map(\.kind)
      }
      #expect(
        try await kinds(all) == [
          "campaign.changed", "campaign.changed", "lead.completed", "lead.completed", "campaign.changed",
          "notification",
        ])
      #expect(try await kinds(some) == ["lead.completed", "lead.completed"])
    }
  }

  @Test func aMessageThatFailsIsSentAgainBeforeTheNext() async throws {
    try await ExecutorFixture.with { executor in
      try await WebhookReceiver.with { receiver, url in
        let setup = try Setup(executor)
        let (id, _) = try await setup.endpoint(url)
        try await setup.notify(["one", "two"])
        receiver.answer(204, 503, 302)
        let sender = setup.sender()
        #expect(try await sender.sendTurn())
        var state = try await setup.state(id)
        #expect(state.acknowledgedSequence == 1 && state.attempts == 1)
        #expect(state.lastError.contains("503"))
        // Not before its time.
        #expect(try await !sender.sendTurn())
        setup.wallClock.advance(by: .seconds(6))
        #expect(try await sender.sendTurn())
        state = try await setup.state(id)
        #expect(state.attempts == 2 && state.lastError.contains("302"))
        setup.wallClock.advance(by: .seconds(20))
        #expect(try await sender.sendTurn())
        #expect(receiver.deliveries.map(\.sequence) == [1, 2, 2, 2])
        #expect(Set(receiver.deliveries.dropFirst().map(\.id)).count == 1)
        state = try await setup.state(id)
        #expect(state.acknowledgedSequence == 2 && state.attempts == 0 && state.lastError.isEmpty)
        #expect(state.failingSince == nil)
      }
    }
  }

  @Test func aReceiverThatIsAwayForThreeDaysIsSuspendedAndCanBeReplayed() async throws {
    try await ExecutorFixture.with { executor in
      try await WebhookReceiver.with { receiver, url in
        let setup = try Setup(executor)
        let (id, secret) = try await setup.endpoint(url)
        try await setup.notify(["one", "two"])
        let sender = setup.sender()
        #expect(try await sender.sendTurn())
        try await setup.notify(["three"])
        var tries = 0
        while try await setup.state(id).state == .active {
          receiver.answer(500)
          tries += try await sender.sendTurn() ? 1 : 0
          setup.wallClock.advance(by: .minutes(150))
        }
        #expect(tries > 20)
        #expect(receiver.deliveries.dropFirst(2).allSatisfy { $0.sequence == 3 })
        #expect(try await executor.notifications().last == "webhook_suspended")
        #expect(try await !sender.sendTurn())

        let replayed = try await setup.webhooks.replay(
          id, from: 2, tenant: executor.tenant, now: setup.wallClock.now())
        #expect(replayed.state == .active && replayed.acknowledgedSequence == 1)
        let before = receiver.deliveries.count
        #expect(try await sender.sendTurn())
        let again = receiver.deliveries.dropFirst(before)
        #expect(again.map(\.sequence) == [2, 3])
        #expect(again.first?.id == receiver.deliveries[1].id)
        #expect(again.allSatisfy { $0.isSigned(with: secret) })
        for sequence in [Int64(0), 5] {
          await #expect {
            try await setup.webhooks.replay(
              id, from: sequence, tenant: executor.tenant, now: setup.wallClock.now())
          } throws: { ($0 as? RPCError)?.code == .outOfRange }
        }
      }
    }
  }

  @Test func aSenderThatDiesInTheMiddleLosesNothing() async throws {
    try await ExecutorFixture.with { executor in
      try await WebhookReceiver.with { receiver, url in
        let setup = try Setup(executor)
        let (id, _) = try await setup.endpoint(url)
        try await setup.notify(["one", "two"])
        receiver.hold()
        try await withThrowingTaskGroup { group in
          group.addTask { _ = try? await setup.sender().sendTurn() }
          await receiver.wait(for: 1)
          // It has arrived, and nobody will ever hear that it has.
          group.cancelAll()
          try await group.waitForAll()
        }
        receiver.release()
        #expect(try await setup.state(id).acknowledgedSequence == 0)
        // Its lease is still its own, until it runs out.
        #expect(try await !setup.sender().sendTurn())
        try await executor.pool.execute(
          NamedQuery(name: "expire", sql: "update webhook_endpoint set lease_until = now() - interval '1 s'"))
        #expect(try await setup.sender().sendTurn())
        #expect(receiver.deliveries.map(\.sequence) == [1, 1, 2])
        #expect(receiver.deliveries[0].id == receiver.deliveries[1].id)
      }
    }
  }

  @Test func severalSendersShareTheWorkAndASlowReceiverHoldsUpNobodyElse() async throws {
    try await ExecutorFixture.with { executor in
      try await WebhookReceiver.with { slow, slowURL in
        try await WebhookReceiver.with { quick, quickURL in
          let setup = try Setup(executor)
          slow.hold()
          _ = try await setup.endpoint(slowURL)
          for _ in 0..<3 { _ = try await setup.endpoint(quickURL) }
          try await setup.notify((0..<20).map { "\($0)" })
          await withTaskGroup { group in
            for _ in 0..<2 {
              let sender = setup.sender()
              group.addTask { _ = try? await sender.run() }
            }
            await slow.wait(for: 1)
            await quick.wait(for: 60)
            group.cancelAll()
          }
          #expect(slow.deliveries.count == 1)
          // Each endpoint's messages have ids of their own: by id nothing came twice, and by endpoint all in order.
          #expect(Set(quick.deliveries.map(\.id)).count == 60)
          let sequences = quick.deliveries.map(\.sequence)
          for sequence in 1...20 { #expect(sequences.count { $0 == sequence } == 3) }
        }
      }
    }
  }

  @Test func theLogBecomesMessagesOnce() async throws {
    try await ExecutorFixture.with { executor in
      let setup = try Setup(executor)
      let (id, _) = try await setup.endpoint("https://example.com/hook")
      try await withThrowingTaskGroup { group in
        for _ in 0..<2 {
          let queue = WebhookStore.queue(
            setup.webhooks, from: executor.log, schema: "campaign", wallClock: setup.wallClock, logger: .discarding,
            metrics: MetricsRegistry())
          group.addTask { try? await queue.run() }
        }
        for number in 0..<30 {
          try await executor.pool.transaction(name: "notify") { transaction in
            try await executor.store.notify(
              "test", campaign: nil, severity: .info, text: "\(number)", tenant: executor.tenant,
              now: executor.clock.now(), in: transaction)
          }
        }
        while try await setup.state(id).lastSequence < 30 { await Task.yield() }
        group.cancelAll()
      }
      let messages = try await setup.webhooks.messages(of: id, tenant: executor.tenant, after: 0, limit: 100)
      #expect(messages.map(\.sequence) == (1...30).map { Int64($0) })
      let texts = try messages.map { try JSONValue.parse(Array($0.body.utf8))["data"]?["text"]?.stringValue }
      #expect(texts == (0..<30).map { "\($0)" })
    }
  }

  @Test func oldMessagesGoOnceAcknowledged() async throws {
    try await ExecutorFixture.with { executor in
      try await WebhookReceiver.with { receiver, url in
        let setup = try Setup(executor)
        let (id, _) = try await setup.endpoint(url)
        try await setup.notify(["one", "two"])
        receiver.answer(204, 500)
        #expect(try await setup.sender().sendTurn())
        let later = setup.wallClock.now() + .days(31)
        #expect(try await setup.webhooks.forget(before: later, limit: 10) == 1)
        let left = try await setup.webhooks.messages(of: id, tenant: executor.tenant, after: 0, limit: 10)
        #expect(left.map(\.sequence) == [2])
        await #expect {
          try await setup.webhooks.replay(id, from: 1, tenant: executor.tenant, now: later)
        } throws: { ($0 as? RPCError)?.message.contains("2 to 3") ?? false }
      }
    }
  }
}
