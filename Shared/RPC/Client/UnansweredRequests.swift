import Nng

/// The messages of a client that the server has not answered: at most `EnvelopeLimits.unanswered`. Pure.
struct UnansweredRequests {
  /// The request in each place; nil in a free one.
  private var places = [RequestID?](repeating: nil, count: EnvelopeLimits.unanswered)
  private var next: UInt32 = 0
  private(set) var count = 0

  /// A request that is none of the unanswered ones; nil when there are too many.
  mutating func take() -> RequestID? {
    guard let place = places.firstIndex(of: nil) else { return nil }
    next &+= 1
    // The place in the low bits, so that no other one has the same request.
    let request = RequestID(next &* UInt32(places.count) &+ UInt32(place))
    places[place] = request
    count += 1
    return request
  }

  /// An answer has come, or none will. False for what was not asked.
  mutating func remove(_ request: RequestID) -> Bool {
    let place = Int(request.number) % places.count
    guard places[place] == request else { return false }
    places[place] = nil
    count -= 1
    return true
  }
}
