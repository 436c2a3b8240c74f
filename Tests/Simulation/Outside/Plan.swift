import CampaignTerms
import Core
import RingmasterMessages
import Telephony
import Wire

/// What an operator is going to do with one campaign.
struct CampaignPlan: Sendable {
  enum Deed: Sendable {
    case create
    case openImport
    case importBatch(Int)
    case closeImport
    case start
    case pause
    case resume
    case stop
    case edit(CampaignPolicy)
    case addLead(NewLead)
    case rename(Int)
  }

  var tenant: TenantID
  var policy: CampaignPolicy
  var batches: [[NewLead]]
  /// Deeds, each with the pause before it.
  var deeds: [(pause: Duration, deed: Deed)]
}

/// Draws campaigns: who is called, when, how often, and what operators change meanwhile.
struct Planner {
  let draws: Draws
  private let witness: Witness
  private let fixedConcurrency: Int?
  private var people = 0

  init(draws: Draws, witness: Witness, concurrency: Int?) {
    self.draws = draws
    fixedConcurrency = concurrency
    self.witness = witness
  }

  mutating func plans(leads: Int) -> [CampaignPlan] {
    let count = max(2, min(6, leads / 40))
    let tenants = (0..<2).map { TenantID(UniqueID.derived(from: "tenant", String($0))) } + [.standard]
    return (0..<count).map { index in
      plan(index, tenant: tenants[index % tenants.count], leads: max(1, leads / count))
    }
  }

  private mutating func plan(_ index: Int, tenant: TenantID, leads: Int) -> CampaignPlan {
    let policy = policy(index, leads: leads)
    let batchSize = draws.integer(20...300)
    var batches: [[NewLead]] = []
    var left = leads
    while left > 0 {
      let count = min(left, batchSize)
      batches.append((0..<count).map { _ in lead() })
      left -= count
    }
    var deeds: [(pause: Duration, deed: CampaignPlan.Deed)] = [
      (draws.seconds(1...600), .create), (draws.seconds(0...60), .openImport),
    ]
    for batch in batches.indices { deeds.append((draws.seconds(0...30), .importBatch(batch))) }
    deeds.append((draws.seconds(0...10), .closeImport))
    deeds.append((draws.seconds(0...600), .start))
    deeds += changes(of: policy)
    return CampaignPlan(tenant: tenant, policy: policy, batches: batches, deeds: deeds)
  }

  private mutating func changes(of policy: CampaignPolicy) -> [(pause: Duration, deed: CampaignPlan.Deed)] {
    var deeds: [(pause: Duration, deed: CampaignPlan.Deed)] = []
    var policy = policy
    for _ in 0..<draws.integer(0...5) {
      let pause = draws.seconds(draws.chance(0.5) ? 10...1_200 : 1_200...90_000)
      switch draws.integer(0...5) {
      case 0:
        deeds.append((pause, .pause))
        deeds.append((draws.seconds(30...20_000), .resume))
      case 1, 2:
        policy.callWindows = windows()
        policy.maxConcurrentCalls = concurrency(leads: 200)
        deeds.append((pause, .edit(policy)))
      case 3, 4: deeds.append((pause, .addLead(lead())))
      default: deeds.append((pause, .rename(draws.integer(0...1_000_000))))
      }
    }
    if draws.chance(0.1) { deeds.append((draws.seconds(60...40_000), .stop)) }
    return deeds
  }

  private func policy(_ index: Int, leads: Int) -> CampaignPolicy {
    var policy = CampaignPolicy()
    policy.name = "Campaign \(index)"
    policy.callType = .qualifyLead
    policy.agentName = "Robin"
    policy.businessName = "Northwind"
    policy.callerIds = (0...draws.integer(0...2)).map { "+1500555000\($0)" }
    policy.callWindows = windows()
    policy.timeZone = draws.pick(["America/New_York", "America/Los_Angeles", "Australia/Sydney", "UTC"]) ?? "UTC"
    if draws.chance(0.3) { policy.maxCallsPerDay = Int32(max(20, leads / 2)) }
    policy.maxCallsPerLead = Int32(draws.integer(0...5))
    policy.retryPolicy = draws.pick(["standard", "backoff", "sequence"]) ?? ""
    policy.maxConcurrentCalls = concurrency(leads: leads)
    if draws.chance(0.3) { policy.maxCallsPerMinute = Int32(draws.integer(5...max(10, leads / 10))) }
    policy.leaveVoicemail = draws.chance(0.5)
    if draws.chance(0.5) { policy.maxCallDuration = ProtobufDuration(draws.seconds(30...180).rounded) }
    return policy
  }

  private func concurrency(leads: Int) -> Int32 { Int32(fixedConcurrency ?? draws.integer(1...max(3, leads / 3))) }

  /// Most weekdays, in one or two stretches; sometimes the night as well, which the law forbids.
  private func windows() -> [RingmasterMessages.CallWindow] {
    guard !draws.chance(0.2) else { return standardWindows }
    let start = draws.integer(6...14) * 60
    let end = min(1_440, start + draws.integer(4...14) * 60)
    let pause = draws.chance(0.3) ? draws.integer(start + 30...end - 60) : end
    let days = draws.chance(0.3) ? 1...7 : 1...5
    return days.flatMap { day in
      [(start, pause), (pause + 30, end)].filter { $0.0 < $0.1 }.map { window(day, $0.0, $0.1) }
    }
  }

  private var standardWindows: [RingmasterMessages.CallWindow] {
    (1...5).flatMap { [window($0, 540, 720), window($0, 780, 1_020)] }
  }

  private func window(_ day: Int, _ start: Int, _ end: Int) -> RingmasterMessages.CallWindow {
    var window = RingmasterMessages.CallWindow()
    (window.weekday, window.startMinute, window.endMinute) = (Int32(day), Int32(start), Int32(end))
    return window
  }

  private static let places = [
    ("+1212", "America/New_York"), ("+1312", "America/Chicago"), ("+1303", "America/Denver"),
    ("+1415", "America/Los_Angeles"), ("+1808", "Pacific/Honolulu"), ("+6129", "Australia/Sydney"),
  ]

  /// Everybody has another number.
  private mutating func lead() -> NewLead {
    people += 1
    var lead = NewLead()
    let (prefix, zone) = draws.pick(Self.places) ?? ("+1212", "America/New_York")
    lead.phone =
      prefix == "+6129"
      ? "\(prefix)\(3_000_000 + people)"
      : "\(prefix)\(220 + people / 10_000)\(String(10_000 + people % 10_000).dropFirst())"
    lead.firstName = "Person \(people)"
    if draws.chance(0.2) { lead.timeZone = zone }
    if let rules = TimeZoneRules.named(zone) { witness.locate(lead.phone, rules) }
    return lead
  }
}

extension Witness.Terms {
  init(_ policy: CampaignPolicy, from instant: Instant) {
    self.init(
      from: instant,
      windows: policy.callWindows.map { (Int($0.weekday), Int($0.startMinute), Int($0.endMinute)) },
      concurrency: policy.maxConcurrentCalls == 0
        ? CampaignTerms.defaultMaxConcurrentCalls : Int(policy.maxConcurrentCalls),
      callsPerLead: policy.maxCallsPerLead == 0 ? RetryPolicy.defaultMaximumCalls : Int(policy.maxCallsPerLead))
  }
}
