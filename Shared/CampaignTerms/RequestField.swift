public import Core
public import RPC
public import RingmasterMessages

/// Reads fields of requests that every service has: what is wrong with one is said with its name.
public enum RequestField {
  /// An id that must be there.
  public static func id<Entity>(
    _ entity: Entity.Type, _ text: String, _ field: String
  ) throws(RPCError) -> Identifier<Entity> {
    guard !text.isEmpty else { throw RPCError(.invalidArgument, "\(field) is missing") }
    guard let id = Identifier<Entity>(text) else {
      throw RPCError(
        .invalidArgument, "\(field): \"\(text)\" is no id; ids look like 0190b2c4-7d1e-7a00-8000-000000000001")
    }
    return id
  }
}

/// A page that a request asks for, with the defaults filled in.
public struct Page: Hashable, Sendable {
  public static let defaultLimit = 50
  public static let maximumLimit = 1000

  public var limit: Int
  /// Where the page starts, as the previous answer said; empty for the first page.
  public var cursor: String

  public init(_ request: PageRequest?) throws(RPCError) {
    limit = Int(request?.limit ?? 0)
    cursor = request?.cursor ?? ""
    if limit == 0 { limit = Self.defaultLimit }
    guard (1...Self.maximumLimit).contains(limit) else {
      throw RPCError(.invalidArgument, "page.limit: \(limit) is outside 1 to \(Self.maximumLimit)")
    }
  }
}

extension CallContext {
  /// The tenant that the call is made for.
  ///
  /// - Throws: UNAUTHENTICATED when the caller names none or no valid one.
  public func tenantID() throws(RPCError) -> TenantID {
    guard let tenant = TenantID(tenant) else {
      throw RPCError(.unauthenticated, "the call names no tenant; set the envelope's tenant")
    }
    return tenant
  }
}
