import Core
import Crypto

/// One step of a schema's history. Never changed once merged.
public struct Migration: Hashable, Sendable {
  /// What the step belongs to: "service", or the shared module that keeps tables in the schema. Each has numbers of its
  /// own.
  public var component: String
  public var number: Int
  public var name: String
  /// Statements, run in one transaction with `search_path` set to the schema.
  public var sql: String

  public init(component: String = "service", number: Int, name: String, sql: String) {
    self.component = component
    self.number = number
    self.name = name
    self.sql = sql
  }

  /// - Parameters:
  ///   - resource: Name of the file without its ending: `m0001_create_leads`.
  ///   - bytes: What `.embedInCode` gives: `PackageResources.m0001_create_leads_sql`.
  ///
  /// Throws: `PostgresError.Code.configuration` when the name has no number.
  public init(component: String = "service", _ resource: String, _ bytes: [UInt8]) throws(PostgresError) {
    let digits = resource.dropFirst().prefix { $0.isASCII && $0.isNumber }
    let rest = resource.dropFirst(1 + digits.count)
    guard resource.first == "m", let number = Int(digits), rest.first == "_", rest.count > 1 else {
      throw PostgresError(.configuration, "migration \"\(resource)\" is not named like m0001_name")
    }
    self.init(
      component: component, number: number, name: String(rest.dropFirst()), sql: String(decoding: bytes, as: UTF8.self))
  }

  /// SHA-256 of the text, which tells whether it was changed after it was applied.
  var checksum: String { Hex.encode(SHA256.hash(sql)) }
}
