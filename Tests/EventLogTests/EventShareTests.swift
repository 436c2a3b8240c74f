@testable import EventLog
