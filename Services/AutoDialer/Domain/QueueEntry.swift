import Core
import Telephony

/// A place in the queue: a lead that waits to be called.
struct QueueEntry: Hashable, Sendable {
  var lead: LeadID
  /// Of `DialPriority`, or `requested`.
  var rank: Int
  /// The earliest instant at which every rule that time alone decides lets it be called.
  var dueAt: Instant
  /// Attempts numbered so far, the withdrawn among them.
  var attempts = 0
  var withdrawn = 0
  /// Index of the number to try next.
  var nextNumber = 0
  /// A bit for each number that takes no more calls: it does not exist, or belongs to somebody else.
  var spentNumbers = 0
  /// A retry that must be made on its day ends here.
  var notAfter: Instant?
  /// Minutes of the local day that a retry stays away from.
  var avoiding: MinuteRange?

  /// Rank of a call that somebody asked for: before all others.
  static let requested = 9
  /// Every rank, in the order in which they are claimed.
  static let ranksInOrder = [requested] + Array(0...8)

  /// Attempts that left and so count against the campaign's maximum.
  var made: Int { attempts - withdrawn }
  /// Numbers are never used twice: a call's id derives from its number.
  var nextAttempt: Int { attempts + 1 }

  /// Whether somebody asked for the call, and its time is over.
  func isLapsed(at now: Instant) -> Bool { rank == Self.requested && (notAfter.map { $0 <= now } ?? false) }

  /// Where it stands when the campaign's windows have changed: what only waited for a window takes the next one, from
  /// `opening` on; a retry or a wish that lies ahead keeps its wait.
  func moved(to opening: Instant) -> QueueEntry {
    var entry = self
    entry.dueAt = attempts == 0 && rank != Self.requested ? opening : max(dueAt, opening)
    return entry
  }

  func isSpent(_ index: Int) -> Bool { spentNumbers & (1 << index) != 0 }
}
