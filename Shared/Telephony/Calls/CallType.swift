/// What a call is for. Each type has its own prompt and limits.
public enum CallType: String, Hashable, Sendable, CaseIterable {
  case qualifyLead = "qualify_lead"
  case confirmAppointment = "confirm_appointment"
  case followUp = "follow_up"
  case consumerCallback = "consumer_callback"
}
