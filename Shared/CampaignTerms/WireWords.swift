public import RingmasterMessages
public import Telephony

// The wire's words and the domain's are the same list under two types, because an enum on the wire is open (a newer
// sender may know more) and the domain's is closed. Unknown and unspecified become nil: the caller decides.

extension Telephony.CallOutcome {
  public init?(_ wire: RingmasterMessages.CallOutcome) {
    switch wire {
    case .qualified: self = .qualified
    case .unqualified: self = .unqualified
    case .callbackRequested: self = .callbackRequested
    case .notInterested: self = .notInterested
    case .wrongNumber: self = .wrongNumber
    case .voicemail: self = .voicemail
    case .noAnswer: self = .noAnswer
    case .busy: self = .busy
    case .failed: self = .failed
    case .unspecified, .unrecognized: return nil
    }
  }

  public var wire: RingmasterMessages.CallOutcome {
    switch self {
    case .qualified: .qualified
    case .unqualified: .unqualified
    case .callbackRequested: .callbackRequested
    case .notInterested: .notInterested
    case .wrongNumber: .wrongNumber
    case .voicemail: .voicemail
    case .noAnswer: .noAnswer
    case .busy: .busy
    case .failed: .failed
    }
  }
}

extension Telephony.CallType {
  public init?(_ wire: RingmasterMessages.CallType) {
    switch wire {
    case .qualifyLead: self = .qualifyLead
    case .confirmAppointment: self = .confirmAppointment
    case .followUp: self = .followUp
    case .consumerCallback: self = .consumerCallback
    case .unspecified, .unrecognized: return nil
    }
  }
}

extension Telephony.CallState {
  public init?(_ wire: RingmasterMessages.CallState) {
    switch wire {
    case .pending: self = .pending
    case .initiated: self = .initiated
    case .ringing: self = .ringing
    case .inProgress: self = .inProgress
    case .completed: self = .completed
    case .voicemail: self = .voicemail
    case .noAnswer: self = .noAnswer
    case .busy: self = .busy
    case .failed: self = .failed
    case .cancelled: self = .cancelled
    case .unspecified, .unrecognized: return nil
    }
  }

  public var wire: RingmasterMessages.CallState {
    switch self {
    case .pending: .pending
    case .initiated: .initiated
    case .ringing: .ringing
    case .inProgress: .inProgress
    case .completed: .completed
    case .voicemail: .voicemail
    case .noAnswer: .noAnswer
    case .busy: .busy
    case .failed: .failed
    case .cancelled: .cancelled
    }
  }
}

extension Telephony.RetryRule.Day {
  public init?(_ wire: RetryDay) {
    switch wire {
    case .unspecified: self = .any
    case .same: self = .same
    case .nextBusiness: self = .nextBusiness
    case .unrecognized: return nil
    }
  }
}

extension Consent {
  public init?(_ wire: ConsentLevel) {
    switch wire {
    case .unspecified: self = .unknown
    case .express: self = .express
    case .expressWritten: self = .expressWritten
    case .withdrawn: self = .withdrawn
    case .unrecognized: return nil
    }
  }
}
