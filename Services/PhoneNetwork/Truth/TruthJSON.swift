import Core
import JSON

extension CallRecord {
  /// The whole truth about the call, for `GET /truth/…`.
  var truth: JSONValue {
    [
      "sid": .string(sid), "number": .string(request.to), "from": .string(request.from),
      "attempt": JSONValue(plan.attempt), "status": .string(status.rawValue),
      "outcome": TrueOutcome(self).map { .string($0.rawValue) } ?? .null, "planned": plan.json,
      "requested_at": .string(askedAt.rfc3339), "created_at": .string(createdAt.rfc3339),
      "ringing_at": Self.time(ringingAt),
      "answered_at": Self.time(answeredAt), "ended_at": Self.time(endedAt), "ended_by": Self.text(endedBy?.rawValue),
      "duration_seconds": JSONValue(seconds), "sip_code": sipCode.map { JSONValue($0) } ?? .null,
      "answered_by": Self.text(answeredBy?.rawValue),
      "status_callback": Self.text(request.statusCallback?.url), "overlaps": .array(overlaps.map { .string($0) }),
      "faults": .array(faults.map { JSONValue($0) }),
      "misbehavior": .array(misbehavior.map { .string($0.rawValue) }), "conversation": conversation?.json ?? .null,
    ]
  }

  private static func time(_ instant: Instant?) -> JSONValue { text(instant?.rfc3339) }

  private static func text(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }
}

extension AttemptPlan {
  fileprivate var json: JSONValue {
    switch fate {
    case .unassigned: return ["fate": "unassigned"]
    case .networkFailure: return ["fate": "network_failure"]
    case .busy: return ["fate": "busy"]
    case .noAnswer: return ["fate": "no_answer"]
    case .answered(let ring, .mailbox):
      return ["fate": "answered", "by": "mailbox", "ring_seconds": .number(ring.inSeconds)]
    case .answered(let ring, .person(let person)):
      var plan: JSONObject = [
        "fate": "answered", "by": "person", "ring_seconds": .number(ring.inSeconds),
        "intent": .string(person.intent.rawValue), "facts": person.facts.json,
      ]
      if person.intent == .callbackRequested { plan["callback"] = person.callback.json }
      return .object(plan)
    }
  }
}

extension Facts {
  /// The fields of qualification criteria; a budget of null is one that they will not tell.
  var json: JSONValue {
    [
      "budget": budget.map { JSONValue($0) } ?? .null,
      "timeline": .string(timeline.rawValue), "decision_maker": .bool(decides),
      "pain_points": .array(pains.map { .string($0.rawValue) }),
    ]
  }
}

extension CallbackTime {
  fileprivate var json: JSONValue {
    func number(_ value: Int?) -> JSONValue { value.map { JSONValue($0) } ?? .null }
    return [
      "phrase": .string(phrase), "minutes_from_now": number(minutesFromNow), "days_ahead": number(daysAhead),
      "weekday": number(weekday), "minute_of_day": number(minuteOfDay),
    ]
  }
}

extension ConversationTruth {
  fileprivate var json: JSONValue {
    [
      "said_intent": .bool(saidIntent), "told": .array(told.map { .string($0.rawValue) }),
      "left_because": leaving.map { .string($0.rawValue) } ?? .null, "message": message.map { .string($0) } ?? .null,
      "audio_seconds": .number(AudioFrame.duration(of: frames).inSeconds),
      "lines": .array(
        lines.map {
          [
            "speaker": $0.isAgent ? "agent" : "person", "text": .string($0.text),
            "at_seconds": .number(AudioFrame.duration(of: $0.start).inSeconds),
          ]
        }),
    ]
  }
}
