/// The members of a JSON object, in the order in which they were written. Order does not matter to equality.
public struct JSONObject: Hashable, Sendable {
  public typealias Element = (key: String, value: JSONValue)

  private var members: [Element] = []
  /// Where each key is in `members`; kept only above `indexThreshold`, below which a scan is faster.
  private var index: [String: Int]?

  private static let indexThreshold = 12

  public init() {}

  /// Of several members with one key the last counts, in the first one's place.
  public init(_ members: some Sequence<(String, JSONValue)>) {
    for (key, value) in members { self[key] = value }
  }

  /// Adopts what the parser read. Of several members with one key the last counts.
  init(parsed members: consuming [Element]) {
    guard members.count <= JSONObject.indexThreshold, JSONObject.areUnique(members) else {
      self.init(members.lazy.map { ($0.key, $0.value) })
      return
    }
    self.init()
    self.members = members
  }

  public var count: Int { members.count }
  public var isEmpty: Bool { members.isEmpty }
  public var keys: [String] { members.map(\.key) }

  /// The value of `key`. Setting nil removes the member; setting a new key adds it at the end.
  public subscript(key: String) -> JSONValue? {
    get {
      position(of: key).map { members[$0].value }
    }
    set {
      switch (position(of: key), newValue) {
      case (let position?, let value?): members[position].value = value
      case (let position?, nil):
        members.remove(at: position)
        index = nil
        indexIfLarge()
      case (nil, let value?): append(key, value)
      case (nil, nil): break
      }
    }
  }

  public static func == (left: JSONObject, right: JSONObject) -> Bool {
    guard left.count == right.count else { return false }
    return left.members.allSatisfy { right[$0.key] == $0.value }
  }

  public func hash(into hasher: inout Hasher) {
    var combined = 0
    for (key, value) in members {
      var member = Hasher()
      member.combine(key)
      member.combine(value)
      combined ^= member.finalize()
    }
    hasher.combine(combined)
  }

  private static func areUnique(_ members: [Element]) -> Bool {
    members.indices.allSatisfy { position in
      !members[..<position].contains { $0.key == members[position].key }
    }
  }

  private func position(of key: String) -> Int? {
    if let index { return index[key] }
    return members.firstIndex { $0.key == key }
  }

  private mutating func append(_ key: String, _ value: JSONValue) {
    members.append((key, value))
    if index != nil {
      index?[key] = members.count - 1
    } else {
      indexIfLarge()
    }
  }

  private mutating func indexIfLarge() {
    guard members.count > JSONObject.indexThreshold else { return }
    index = Dictionary(uniqueKeysWithValues: members.enumerated().map { ($1.key, $0) })
  }
}

extension JSONObject: Sequence {
  public func makeIterator() -> IndexingIterator<[Element]> { members.makeIterator() }
  public var underestimatedCount: Int { members.count }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
  public init(dictionaryLiteral elements: (String, JSONValue)...) {
    self.init(elements)
  }
}
