import Core
import Telephony

/// Leads that come in beside each other and beside those that are there: each number belongs to one lead, so that nobody is
/// called twice. Pure.
extension LeadIntake {
  /// What a batch comes to.
  struct Settlement: Sendable {
    var new: [Accepted] = []
    /// Leads that are there, with what the batch knows better.
    var merged: [LeadID: Accepted] = [:]
    var problems: [Problem] = []
    /// Rows that became part of another lead.
    var mergedRows = 0
  }

  private enum Owner: Hashable {
    case new(Int)
    case known(LeadID)
  }

  /// - Parameter known: Every lead of the campaign that has one of the batch's numbers.
  static func settle(_ accepted: [Accepted], known: [LeadID: Accepted]) -> Settlement {
    var owners: [String: Owner] = [:]
    for (id, lead) in known {
      owners[lead.e164] = .known(id)
      for number in lead.numbers { owners[number.e164] = .known(id) }
    }
    var settlement = Settlement()
    for row in accepted {
      let owner: Owner
      if let holder = owners[row.e164] {
        owner = holder
        settlement.mergedRows += 1
        settlement.problems.append(duplicate(row, of: holder, in: settlement))
      } else {
        owner = .new(settlement.new.count)
        owners[row.e164] = owner
        var lead = row
        lead.numbers = []
        settlement.new.append(lead)
      }
      func change(_ lead: Owner, _ edit: (inout Accepted) -> Void) {
        switch lead {
        case .new(let index): edit(&settlement.new[index])
        case .known(let id): edit(&settlement.merged[id, default: known[id] ?? row])
        }
      }
      change(owner) { $0.take(dataOf: row) }
      for (index, number) in row.numbers.enumerated() {
        var message: String?
        if let holder = owners[number.e164], holder != owner {
          message = "\(number.e164) belongs to another lead of the campaign already; it was left out here"
          // The number's owner took it back, whoever has the number.
          if number.consent == .withdrawn {
            change(holder) { $0.take(timeZone: "", consent: .withdrawn, ofNumber: number.e164) }
            message? += ", and is not called there either"
          }
        } else {
          change(owner) { message = add(number, to: &$0, owner: owner, owners: &owners) }
        }
        if let message {
          settlement.problems.append(
            Problem(
              line: row.candidate.line, kind: .duplicate, field: "numbers[\(index)].phone", message: message))
        }
      }
    }
    return settlement
  }

  /// Gives the lead one more number, which is nobody else's. Answers what people should know about that.
  private static func add(
    _ number: AcceptedNumber, to lead: inout Accepted, owner: Owner, owners: inout [String: Owner]
  ) -> String? {
    if owners[number.e164] != nil {
      lead.take(timeZone: number.timeZone, consent: number.consent, ofNumber: number.e164)
      return nil
    }
    guard lead.numbers.count < mostNumbers else {
      return "\(number.e164) was left out: the lead has \(mostNumbers) numbers besides the first already"
    }
    owners[number.e164] = owner
    lead.numbers.append(number)
    return nil
  }

  private static func duplicate(_ row: Accepted, of holder: Owner, in settlement: Settlement) -> Problem {
    let message =
      switch holder {
      case .new(let index):
        "\(row.e164) is on line \(settlement.new[index].candidate.line) already; the two rows became one lead"
      case .known: "\(row.e164) is in the campaign already; the row was merged into that lead"
      }
    return Problem(line: row.candidate.line, kind: .duplicate, field: "phone", message: message)
  }
}

extension LeadIntake.Accepted {
  /// Takes over what a row about the same person knows better. Its zone and consent are those of its own number.
  fileprivate mutating func take(dataOf row: Self) {
    let other = row.candidate
    if !other.firstName.isEmpty { candidate.firstName = other.firstName }
    if !other.lastName.isEmpty { candidate.lastName = other.lastName }
    if !other.company.isEmpty { candidate.company = other.company }
    if !other.email.isEmpty { candidate.email = other.email }
    if !other.country.isEmpty {
      candidate.country = other.country
      candidate.subdivision = other.subdivision
    }
    if let notAfter = other.notAfter { candidate.notAfter = notAfter }
    candidate.attributes.merge(other.attributes) { $1 }
    take(timeZone: other.timeZone, consent: other.consent, ofNumber: row.e164)
  }

  /// An edit of `known`. What somebody took back holds until the edit says that it was given again: who changes a name
  /// and says nothing of consent does not mean that the phone may ring. A number that is left out of an edit stays with the
  /// lead when its owner took consent back; whoever brings it in again later would not know.
  ///
  /// - Throws: `Problem` when such a number has no room left beside those of the edit.
  func editing(_ known: Self) throws(LeadIntake.Problem) -> Self {
    var withdrawn = known.numbers.filter { $0.consent == .withdrawn }
    if known.candidate.consent == .withdrawn {
      withdrawn.append(
        LeadIntake.AcceptedNumber(
          e164: known.e164, region: known.region, timeZone: known.candidate.timeZone, consent: .withdrawn,
          record: known.record))
    }
    var edited = self
    for number in withdrawn {
      if number.e164 == e164 {
        if candidate.consent == .unknown { edited.candidate.consent = .withdrawn }
      } else if let index = numbers.firstIndex(where: { $0.e164 == number.e164 }) {
        if numbers[index].consent == .unknown { edited.numbers[index].consent = .withdrawn }
      } else {
        guard edited.numbers.count < LeadIntake.mostNumbers else {
          throw LeadIntake.Problem(
            line: candidate.line, kind: .invalid, field: "numbers",
            message: "leave no room for \(number.e164), which stays with the lead because its owner took consent back; "
              + "a lead has at most \(LeadIntake.mostNumbers) numbers besides the first")
        }
        edited.numbers.append(number)
      }
    }
    return edited
  }

  fileprivate mutating func take(timeZone: String, consent: Consent, ofNumber number: String) {
    if number == e164 {
      if !timeZone.isEmpty { candidate.timeZone = timeZone }
      candidate.consent = candidate.consent.updated(by: consent)
    } else if let index = numbers.firstIndex(where: { $0.e164 == number }) {
      if !timeZone.isEmpty { numbers[index].timeZone = timeZone }
      numbers[index].consent = numbers[index].consent.updated(by: consent)
    }
  }
}

extension Consent {
  /// The consent after one more source was read. Saying nothing changes nothing, and consent that was taken back stays so
  /// until somebody gives it in an edit of the lead itself.
  func updated(by newer: Consent) -> Consent {
    self == .withdrawn || newer == .unknown ? self : newer
  }
}
