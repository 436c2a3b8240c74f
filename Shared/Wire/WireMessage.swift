public import JSON

/// A protobuf message as a Swift value. Only generated types conform.
///
/// Strings hold no NUL, because C strings end there: decoding and JSON refuse it, encoding writes U+FFFD in its place.
/// A field that is -0.0 counts as unset, like 0.0.
public protocol WireMessage: Hashable, Sendable {
  /// With the package, for example `ringmaster.v1.Campaign`.
  static var fullName: String { get }

  /// The message with all fields at their defaults.
  init()

  /// Reads the wire format. Malformed bytes, strings that are not UTF-8 or hold NUL, and messages that would take
  /// out-of-proportion memory (see `WireArena.limit(for:)`) throw. Unknown fields and enum values are kept.
  ///
  /// A message field that occurs twice on the wire is merged by protobuf-c, which drops the first one's numbers.
  static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self

  /// The wire format: the same bytes for equal messages, whatever the order in which maps were filled.
  func encoded() -> [UInt8]

  /// Appends what `encoded()` returns.
  func appendEncoded(to bytes: inout [UInt8])

  /// Reads the proto3 JSON mapping. Field names are accepted in lowerCamelCase and as in the .proto; an unknown field
  /// is an error. Errors carry the path of the field.
  init(json: JSONValue) throws(WireJSONError)

  /// The proto3 JSON mapping: lowerCamelCase names, defaults left out, unknown fields left out.
  var json: JSONValue { get }
}

extension WireMessage {
  /// See `decode(_:)` for raw bytes.
  public static func decode(_ bytes: [UInt8]) throws(WireError) -> Self {
    try bytes.withUnsafeBufferPointer { (buffer) throws(WireError) in try decode(UnsafeRawBufferPointer(buffer)) }
  }

  public static func decode(_ bytes: ArraySlice<UInt8>) throws(WireError) -> Self {
    try bytes.withUnsafeBufferPointer { (buffer) throws(WireError) in try decode(UnsafeRawBufferPointer(buffer)) }
  }
}

/// A protobuf enum, open as proto3 has it: a number without a name is kept as `unrecognized`. Only generated types
/// conform.
public protocol WireEnum: Hashable, Sendable, CaseIterable {
  static var fullName: String { get }

  init(rawValue: Int32)

  /// The number on the wire.
  var rawValue: Int32 { get }

  /// The value named as in the .proto, for example `CALL_OUTCOME_BUSY`.
  init?(protoName: String)

  /// Nil for a number without a name.
  var protoName: String? { get }
}
