/// Fields of a decoded message that this build has no name for: sent by a newer one, and handed on as they came.
public struct UnknownFields: Hashable, Sendable {
  /// As on the wire, tags included.
  let bytes: [UInt8]

  public init() {
    bytes = []
  }

  init(bytes: [UInt8]) {
    self.bytes = bytes
  }

  public var isEmpty: Bool { bytes.isEmpty }
}
