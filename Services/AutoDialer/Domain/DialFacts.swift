import Core

/// What the dialer knows, beside the lead and the rules, at the instant of a decision: read in the transaction of the
/// claim, so that it is as fresh as the attempt.
struct DialFacts: Sendable {}
