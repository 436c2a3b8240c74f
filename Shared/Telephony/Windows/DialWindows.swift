internal import Synchronization

/// A campaign's windows and what the law of each place leaves of them, worked out once: most leads of a campaign are in a
/// few places.
public final class DialWindows: Sendable {
  public let windows: CallWindows
  private let known = Mutex<[[String]: DialWindow]>([:])
  /// More sets of places than leads are in; past it all are worked out anew once.
  private static let most = 10_000

  public init(_ windows: CallWindows) { self.windows = windows }

  /// The hours for leads of one place; ask it with that place's zones.
  public func window(at place: CallingPlace) -> DialWindow {
    known.withLock { known in
      // The law follows from the places alone.
      if let window = known[place.places] { return window }
      if known.count >= Self.most { known.removeAll() }
      let window = DialWindow(windows: windows, place: place)
      known[place.places] = window
      return window
    }
  }
}
