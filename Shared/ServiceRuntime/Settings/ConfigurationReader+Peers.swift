import Configuration

extension ConfigurationReader {
  /// The addresses of another service's methods: `RINGMASTER_<SERVICE>_ENDPOINTS`, required.
  ///
  /// - Parameter service: The other program's name: `media-bridge`.
  /// - Returns: For `RuntimeContext.client(_:)`.
  public mutating func endpoints(of service: String) -> [String] {
    let name = service.uppercased().split(separator: "-").joined(separator: "_")
    return urls(
      "RINGMASTER_\(name)_ENDPOINTS", schemes: CommonSettings.endpointSchemes, default: nil,
      help: "Where \(service) serves its methods; calls are balanced over several.")
  }
}
