import Core
import RingmasterMessages
import Telephony
import Wire

/// Draws campaigns: who is called, when, how often, and what operators do meanwhile.
struct Planner {
  let draws: Draws
  private let fixedConcurrency: Int?
  private var people: People

  init(draws: Draws, witness: Witness, concurrency: Int?) {
    self.draws = draws
    fixedConcurrency = concurrency
    people = People(draws: draws, witness: witness)
  }

  mutating func plans(leads: Int) -> [CampaignPlan] {
    let count = max(2, min(6, leads / 40))
    let tenants = (0..<2).map { TenantID(UniqueID.derived(from: "tenant", String($0))) } + [.standard]
    let offices = tenants.map { tenant in
      Office(
        tenant: tenant, zone: draws.pick(["Australia/Sydney", "America/New_York", ""]) ?? "",
        callsPerDay: draws.chance(0.3) ? Int32(max(20, leads / count)) : 0,
        callsPerMinute: draws.chance(0.3) ? Int32(draws.integer(5...max(10, leads / 20))) : 0)
    }
    return (0..<count).map { index in
      plan(index, of: offices[index % offices.count], leads: max(1, leads / count))
    }
  }

  /// A tenant and what it allows all its campaigns together; zero: everything.
  private struct Office {
    var tenant: TenantID
    var zone: String
    var callsPerDay: Int32
    /// With the provider.
    var callsPerMinute: Int32
  }

  private mutating func plan(_ index: Int, of office: Office, leads: Int) -> CampaignPlan {
    let policy = policy(index, leads: leads)
    let batchSize = draws.integer(20...300)
    people.beginCampaign()
    let everybody = (0..<leads).map { _ in people.next() }
    let batches = stride(from: 0, to: leads, by: batchSize).map { Array(everybody[$0..<min(leads, $0 + batchSize)]) }
    var deeds = limits(of: office, leads: leads) + numbers(index, for: policy, leads: leads)
    deeds += [(draws.seconds(1...600), .create), (draws.seconds(0...60), .openImport)]
    for batch in batches.indices { deeds.append((draws.seconds(0...30), .importBatch(batch))) }
    deeds.append((draws.seconds(0...10), .closeImport))
    deeds.append((draws.seconds(0...600), .start))
    deeds += changes(of: policy, everybody, leads: leads)
    return CampaignPlan(tenant: office.tenant, policy: policy, batches: batches, deeds: deeds)
  }

  typealias Deeds = [(pause: Duration, deed: CampaignPlan.Deed)]

  /// What the tenant and its provider allow all campaigns together. Each campaign of a tenant changes how many calls they
  /// take at once; those of a day and a minute stay, so that sums can be compared.
  private func limits(of office: Office, leads: Int) -> Deeds {
    var deeds: Deeds = []
    if office.callsPerDay > 0 || draws.chance(0.3) {
      var limits = TenantLimits()
      limits.timeZone = office.zone
      limits.maxCallsPerDay = office.callsPerDay
      if draws.chance(0.7) { limits.maxConcurrentCalls = Int32(draws.integer(2...max(4, leads / 3))) }
      deeds.append((draws.seconds(0...60), .limitTenant(limits)))
    }
    if office.callsPerMinute > 0 || draws.chance(0.3) {
      var limits = ProviderLimits()
      limits.maxCallsPerMinute = office.callsPerMinute
      limits.maxConcurrentCalls = Int32(draws.integer(2...max(4, leads / 2)))
      limits.inboundPercent = Int32(draws.pick([0, 0, 10, 50]) ?? 0)
      deeds.append((draws.seconds(0...60), .limitProvider(limits)))
    }
    return deeds
  }

  /// Numbers of the pool for a campaign that shows those.
  private func numbers(_ index: Int, for policy: CampaignPolicy, leads: Int) -> Deeds {
    guard policy.callerIdTier != 0 else { return [] }
    return (0..<max(3, leads / 40)).map { number in
      var request = AddCallerIdRequest()
      request.number = "+1212556\(String(10_000 + index * 1_000 + number).dropFirst())"
      request.tier = policy.callerIdTier
      request.timeZone = draws.pick(["America/New_York", "Australia/Sydney"]) ?? ""
      request.isWarm = draws.chance(0.5)
      return (draws.seconds(0...5), .addCallerID(request))
    }
  }

  private mutating func changes(of policy: CampaignPolicy, _ everybody: [NewLead], leads: Int) -> Deeds {
    var deeds: Deeds = []
    var policy = policy
    for _ in 0..<draws.integer(0...8) {
      let pause = draws.seconds(draws.chance(0.5) ? 10...1_200 : 1_200...90_000)
      switch draws.integer(0...9) {
      case 0:
        deeds.append((pause, .pause))
        deeds.append((draws.seconds(30...20_000), .resume))
      case 1, 2:
        policy.callWindows = windows()
        policy.maxConcurrentCalls = concurrency(leads: 200)
        deeds.append((pause, .edit(policy)))
      case 3: deeds.append((pause, .addLead(people.next())))
      case 4: deeds.append((pause, .rename(draws.integer(0...1_000_000))))
      case 5, 6:
        for place in 0..<draws.integer(1...max(2, leads / 30)) {
          guard let number = draws.pick(people.numbers(of: everybody)) else { continue }
          let scope = draws.pick([DoNotCallScope.tenant, .tenant, .campaign, .global]) ?? .tenant
          deeds.append((place == 0 ? pause : draws.seconds(0...120), .ban(number, scope)))
        }
      case 7: deeds.append((pause, .cancelWishes))
      default:
        let after = draws.chance(0.5) ? nil : draws.seconds(60...100_000)
        let life = draws.chance(0.5) ? nil : draws.seconds(60...20_000)
        deeds.append((pause, .wish(draws.integer(0...1_000_000), after: after, life: life)))
      }
    }
    if draws.chance(0.1) { deeds.append((draws.seconds(60...40_000), .stop)) }
    return deeds
  }

  // MARK: Policies

  private func policy(_ index: Int, leads: Int) -> CampaignPolicy {
    var policy = CampaignPolicy()
    policy.name = "Campaign \(index)"
    policy.callType = .qualifyLead
    policy.agentName = "Robin"
    policy.businessName = "Northwind"
    if draws.chance(0.3) {
      policy.callerIdTier = Int32(draws.integer(1...2))
    } else {
      policy.callerIds = (0...draws.integer(0...2)).map { "+1500555000\($0)" }
    }
    policy.callWindows = windows()
    policy.timeZone = draws.pick(["America/New_York", "America/Los_Angeles", "Australia/Sydney", "UTC"]) ?? "UTC"
    if draws.chance(0.3) { policy.maxCallsPerDay = Int32(max(20, leads / 2)) }
    policy.maxCallsPerLead = Int32(draws.integer(0...5))
    policy.retryPolicy = draws.pick(["standard", "backoff", "sequence"]) ?? ""
    policy.maxConcurrentCalls = concurrency(leads: leads)
    if draws.chance(0.3) { policy.maxCallsPerMinute = Int32(draws.integer(5...max(10, leads / 10))) }
    policy.leaveVoicemail = draws.chance(0.5)
    if draws.chance(0.5) { policy.maxCallDuration = ProtobufDuration(draws.seconds(30...180).rounded) }
    if draws.chance(0.2) { policy.requiredConsent = draws.pick([.express, .expressWritten]) ?? .express }
    // Soon spent; operators give more then.
    if draws.chance(0.3) { policy.budgetMicros = Int64(draws.integer(5...max(10, leads))) * 200_000 }
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
}

/// Draws the people who are called: where they are, at which numbers, and what they agreed to.
struct People {
  let draws: Draws
  private let witness: Witness
  private var count = 0
  /// Those of campaigns before, of whom some are in this one too.
  private var known: [NewLead] = []
  private var drawn: [NewLead] = []

  init(draws: Draws, witness: Witness) {
    self.draws = draws
    self.witness = witness
  }

  private static let places = [
    ("+1212", "America/New_York"), ("+1312", "America/Chicago"), ("+1303", "America/Denver"),
    ("+1415", "America/Los_Angeles"), ("+1808", "Pacific/Honolulu"), ("+6129", "Australia/Sydney"),
  ]

  mutating func beginCampaign() {
    known += drawn
    drawn = []
  }

  /// Everybody has numbers of their own. Some are in several campaigns, but nobody is twice in one.
  mutating func next() -> NewLead {
    if !known.isEmpty, draws.chance(0.1) {
      let lead = known.remove(at: draws.integer(0...known.count - 1))
      drawn.append(lead)
      return lead
    }
    var lead = NewLead()
    let main = number(isAlone: true)
    (lead.phone, lead.timeZone, lead.consent) = (main.phone, main.timeZone, main.consent)
    lead.firstName = "Person \(count)"
    if draws.chance(0.2) { lead.numbers = (0..<draws.integer(1...2)).map { _ in number(isAlone: false) } }
    drawn.append(lead)
    return lead
  }

  func numbers(of leads: [NewLead]) -> [String] { leads.flatMap { [$0.phone] + $0.numbers.map(\.phone) } }

  private mutating func number(isAlone: Bool) -> LeadNumber {
    count += 1
    var number = LeadNumber()
    let (prefix, zone) = draws.pick(Self.places) ?? ("+1212", "America/New_York")
    number.phone =
      prefix == "+6129"
      ? "\(prefix)\(3_000_000 + count)"
      : "\(prefix)\(220 + count / 10_000)\(String(10_000 + count % 10_000).dropFirst())"
    if draws.chance(0.2) { number.timeZone = zone }
    number.consent =
      switch draws.integer(0...99) {
      case ..<50: .unspecified
      case ..<80: .express
      case ..<98: .expressWritten
      default: .withdrawn
      }
    if let rules = TimeZoneRules.named(zone) {
      witness.locate(number.phone, .init(zone: rules, consent: number.consent))
    }
    return number
  }
}
