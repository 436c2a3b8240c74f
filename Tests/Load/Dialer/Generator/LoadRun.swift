import Core
import EventLog
import LoadSupport
import RPC
import RingmasterMessages
import RingmasterServices
import Synchronization
import Wire

/// One measurement, on campaigns that every kind of limit holds for; one lead in a hundred must not be called.
struct LoadRun: Sendable {
  let surroundings: Surroundings
  let dialer: RPCClient
  let clock: ScaledClock
  private static let campaigns = 4
  private static let options = CallOptions(
    deadline: .seconds(10), tenant: TenantID.standard.description, actor: "dialer-load")

  /// Many leads due at once: how many decisions a second reach the bridge. Then, to as many of them, calls that somebody
  /// asks for, each for a time of its own, at a steady rate whatever the dialer does (open loop): how late each reaches
  /// the bridge.
  func run(leads: Int, rate: Int, seconds: Int) async throws {
    let ids = try await begin()
    let people = People(count: leads)
    try await forbid(people)
    try await flood(people, ids)
    // Nobody answered: the leads wait for an hour, so that only what is asked for is called now.
    try await surroundings.rest()
    try await pace(Array(people.all.prefix(rate * seconds)), of: people, ids, rate: rate)
  }

  private func flood(_ people: People, _ ids: [CampaignID]) async throws {
    async let adding: Void = add(people.all, to: ids)
    let callable = people.callable(people.all)
    // The start, when the first leads are coming in, and the end, when there is little left, do not count.
    let first = callable / 10
    try await wait(for: first)
    let started = ContinuousClock.now
    try await wait(for: callable * 9 / 10)
    let seconds = started.duration(to: .now) / .seconds(1)
    let calls = surroundings.count - first
    try await wait(for: callable)
    try await adding
    print("| decisions a second, \(callable) leads due at once | \(Int(Double(calls) / seconds)) |")
    try check(people, calls: callable)
  }

  private func pace(_ asked: [People.Person], of people: People, _ ids: [CampaignID], rate: Int) async throws {
    let client = SchedulingServiceClient(dialer)
    let start = clock.now() + .seconds(4)
    var times: [String: Instant] = [:]
    let before = surroundings.count
    try await withThrowingTaskGroup { group in
      for (number, person) in asked.enumerated() {
        let at = start + .microseconds(Int64(number) * 1_000_000 / Int64(rate))
        try await clock.sleep(until: at - .seconds(2))
        times[person.lead] = at
        group.addTask {
          var request = ScheduleCallRequest()
          request.campaignId = ids[person.number % ids.count].description
          request.leadId = person.lead
          request.at = Timestamp(at)
          var options = Self.options
          options.idempotencyKey = person.lead
          do {
            _ = try await client.scheduleCall(request, options: options)
          } catch let error as RPCError where error.code == .failedPrecondition && person.isForbidden {
            return  // Done for good.
          }
        }
      }
      try await group.waitForAll()
    }
    let callable = people.callable(asked)
    try await wait(for: before + callable)
    let placed = surroundings.placed.filter { $0.permit.attemptNumber == 2 }
    print("| calls asked for a second, for \(asked.count / rate) s | \(rate) |")
    show("due time to provider request", placed.map { milliseconds(from: times[$0.permit.leadId], to: $0.at) })
    show("decision to provider request", placed.map { milliseconds(from: $0.permit.grantedAt?.instant, to: $0.at) })
    try check(people, calls: before + callable)
  }

  /// Campaigns, and limits of the tenant and the provider that are there but never reached.
  private func begin() async throws -> [CampaignID] {
    let limits = LimitServiceClient(dialer)
    var tenant = SetTenantLimitsRequest()
    tenant.limits = TenantLimits(timeZone: "UTC", maxCallsPerDay: 1_000_000, maxConcurrentCalls: 20_000)
    _ = try await limits.setTenantLimits(tenant, options: Self.options)
    var provider = SetProviderLimitsRequest()
    provider.limits = ProviderLimits(
      provider: "twilio", maxConcurrentCalls: 20_000, inboundPercent: 10, maxCallsPerMinute: 1_000_000)
    _ = try await limits.setProviderLimits(provider, options: Self.options)
    var ids: [CampaignID] = []
    for _ in 0..<Self.campaigns {
      let id = CampaignID.random()
      var changed = CampaignChanged()
      changed.campaign = Campaign(campaignId: id.description, state: .active, policy: Self.policy, policyVersion: 1)
      try await surroundings.tell([NewEvent(key: id.description, message: changed)])
      ids.append(id)
    }
    return ids
  }

  private static var policy: CampaignPolicy {
    var policy = CampaignPolicy.load
    policy.callerIds = (0..<10).map { "+1500555000\($0)" }
    policy.maxCallsPerDay = 1_000_000
    policy.maxCallsPerMinute = 1_000_000
    policy.budgetMicros = 1_000_000_000_000
    policy.callWindows = (1...7).map { CallWindow(weekday: Int32($0), endMinute: 1440) }
    return policy
  }

  private func forbid(_ people: People) async throws {
    let lists = DoNotCallServiceClient(dialer)
    for person in people.all where person.isForbidden {
      let request = AddDoNotCallRequest(number: person.phone, reason: "asked by mail")
      _ = try await lists.addDoNotCall(request, options: Self.options)
    }
  }

  private func add(_ people: [People.Person], to ids: [CampaignID]) async throws {
    let shares = Dictionary(grouping: people) { $0.number % ids.count }
    for start in stride(from: 0, to: people.count / ids.count + 1, by: 500) {
      for (index, campaign) in ids.enumerated() {
        var added = LeadsAdded()
        added.campaignId = campaign.description
        added.leads = (shares[index] ?? []).dropFirst(start).prefix(500).map { $0.told(in: campaign) }
        try await surroundings.tell([NewEvent(key: added.campaignId, message: added)])
      }
    }
  }

  private func wait(for calls: Int) async throws {
    let end = ContinuousClock.now + .seconds(300)
    while surroundings.count < calls {
      guard ContinuousClock.now < end else {
        throw LoadFailure("only \(surroundings.count) of \(calls) calls reached the bridge within 300 s")
      }
      try await Task.sleep(for: .milliseconds(5))
    }
  }

  private func milliseconds(from start: Instant?, to end: Instant) -> Double {
    (start ?? end).duration(to: end) / .milliseconds(1)
  }

  private func show(_ what: String, _ values: [Double]) {
    let sorted = values.sorted()
    guard let last = sorted.last else { return }
    let shares = [0.5, 0.9, 0.99, 0.999].map { share in
      "\(share * 100) %: \(String(sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]).prefix(5))"
    }
    print("| \(what), ms | \(shares.joined(separator: ", ")), most: \(String(last).prefix(5)) |")
  }

  private func check(_ people: People, calls expected: Int) throws {
    let placed = surroundings.placed
    let forbidden = Set(people.all.filter(\.isForbidden).map(\.phone))
    let twice = placed.count - Set(placed.map(\.permit.callId)).count
    let wrong = placed.filter { forbidden.contains($0.permit.to) }.count
    print("| calls, of them twice, to people who must not be called | \(placed.count), \(twice), \(wrong) |")
    guard twice == 0, wrong == 0, placed.count == expected else {
      throw LoadFailure("\(expected) calls had to be placed, each once, to nobody who must not be called")
    }
  }
}

/// Whom the campaigns call.
struct People: Sendable {
  struct Person: Sendable {
    var number: Int

    /// One in a hundred is on a do-not-call list.
    var isForbidden: Bool { number % 100 == 99 }
    var lead: String { LeadID(UniqueID.derived(from: "load", "\(number)")).description }
    var phone: String { "+1212\(2_000_000 + number)" }

    func told(in campaign: CampaignID) -> Lead {
      var lead = Lead()
      (lead.leadId, lead.campaignId, lead.phone, lead.region) = (self.lead, campaign.description, phone, "US")
      (lead.firstName, lead.lastName, lead.company) = ("Iris", "Walsh", "Walsh Accounting")
      return lead
    }
  }

  let all: [Person]

  init(count: Int) { all = (0..<count).map(Person.init) }

  func callable(_ people: [Person]) -> Int { people.count { !$0.isForbidden } }
}
