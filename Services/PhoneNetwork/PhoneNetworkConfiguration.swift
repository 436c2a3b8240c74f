import Configuration

/// Settings of the phone network, read once.
public struct PhoneNetworkConfiguration: Sendable {
  /// `http://host:port` of all its protocols.
  var listen: String
  /// The same seed gives the same people.
  var seed: UInt64
  var account: Account
  /// What sessions of the voice engine authenticate with.
  var openAIKey: Secret
  /// What the register must be shown; nil: there is no register.
  var washKey: Secret?
  var population: Population
  var misbehavior: Misbehavior

  /// Declares and reads the settings.
  public init(_ reader: inout ConfigurationReader) {
    reader.group("Phone network")
    listen = reader.url(
      "RINGMASTER_PHONE_NETWORK_LISTEN", schemes: ["http"], default: "http://127.0.0.1:8090",
      help: "where Twilio's REST API, the OpenAI Realtime socket and /truth are served")
    seed = UInt64(
      reader.int(
        "RINGMASTER_PHONE_NETWORK_SEED", default: 1, range: 0...Int.max,
        help: "who the people are and how each attempt goes follow from it"))
    let shares = Population.standard.text
    population =
      reader.optional(
        "RINGMASTER_PHONE_NETWORK_PEOPLE", accepts: "ENDING=WEIGHT,…",
        help: "how often a first attempt ends in which way, as weights; absent means \(shares)"
      ) { Population($0) } ?? .standard
    population.detectionErrorShare = reader.double(
      "RINGMASTER_PHONE_NETWORK_DETECTION_ERRORS", default: 0, range: 0...1,
      help: "share of the answering-machine verdicts that are wrong")
    misbehavior =
      reader.optional(
        "RINGMASTER_PHONE_NETWORK_MISBEHAVIOR", accepts: "KIND=PERCENT,…",
        help: "how often what goes wrong: \(Misbehavior.Kind.allCases.map(\.rawValue).joined(separator: " ")); "
          + "absent means never"
      ) { Misbehavior($0) } ?? .none
    account = Account(
      sid: reader.string(
        "RINGMASTER_TWILIO_ACCOUNT_SID", default: "AC00000000000000000000000000000001",
        help: "the account that may place calls"),
      token: reader.secret("RINGMASTER_TWILIO_AUTH_TOKEN", help: "its token, which signs webhooks too"))
    openAIKey = reader.secret("RINGMASTER_OPENAI_API_KEY", help: "the key that voice engine sessions must show")
    washKey = reader.optionalSecret(
      "RINGMASTER_DNC_WASH_KEY", help: "the key that the do-not-call register must be shown; absent serves none")
  }

  init(
    listen: String, seed: UInt64, account: Account, openAIKey: Secret, washKey: Secret? = nil, population: Population,
    misbehavior: Misbehavior = .none
  ) {
    self.listen = listen
    self.seed = seed
    self.account = account
    self.openAIKey = openAIKey
    self.washKey = washKey
    self.population = population
    self.misbehavior = misbehavior
  }
}
