/// One method of a service, as the .proto file declares it.
public struct MethodDescriptor: Sendable, Hashable, CustomStringConvertible {
  /// Full name of the service: "ringmaster.v1.CampaignService".
  public let service: String
  public let name: String
  /// The call may be repeated when its result is unknown (`idempotency_level` in the .proto).
  public let isIdempotent: Bool
  /// Full names of the messages: "ringmaster.v1.CreateCampaignRequest".
  public let requestType: String
  public let responseType: String
  /// What travels: "ringmaster.v1.CampaignService/CreateCampaign".
  public let fullName: String

  public init(service: String, name: String, isIdempotent: Bool, requestType: String, responseType: String) {
    self.service = service
    self.name = name
    self.isIdempotent = isIdempotent
    self.requestType = requestType
    self.responseType = responseType
    fullName = "\(service)/\(name)"
  }

  public var description: String { fullName }

  public static func == (left: MethodDescriptor, right: MethodDescriptor) -> Bool {
    left.fullName == right.fullName
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(fullName)
  }
}
