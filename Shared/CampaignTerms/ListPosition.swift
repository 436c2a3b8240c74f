public import Core
public import RPC

/// Where a page ends in a list that is ordered by time, then by id; travels in cursors as "microseconds.id".
public struct ListPosition<Entity>: Sendable {
  public var time: Instant
  public var id: Identifier<Entity>

  public init(time: Instant, id: Identifier<Entity>) {
    self.time = time
    self.id = id
  }

  /// - Parameter cursor: As a previous answer gave it; empty for the start of the list.
  public init(cursor: String) throws(RPCError) {
    if cursor.isEmpty {
      self.init(time: Instant(microsecondsSince1970: 0), id: Identifier(UniqueID(high: 0, low: 0)))
      return
    }
    let parts = cursor.split(separator: ".", maxSplits: 1)
    guard parts.count == 2, let microseconds = Int64(parts[0]), let id = Identifier<Entity>(String(parts[1])) else {
      throw RPCError(.invalidArgument, "page.cursor: \"\(cursor)\" did not come from this list")
    }
    self.init(time: Instant(microsecondsSince1970: microseconds), id: id)
  }

  public var cursor: String { "\(time.microsecondsSince1970).\(id)" }
}
