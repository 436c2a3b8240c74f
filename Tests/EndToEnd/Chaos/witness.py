"""Shows the checks one of each that must not be, and one world in which all is well."""

import copy
from types import SimpleNamespace

import checks

POLICY = {"maxConcurrentCalls": 2, "maxCallsPerDay": 3, "maxCallsPerLead": 2, "timeZone": "UTC",
          "callWindows": [{"weekday": 1, "startMinute": 9 * 60, "endMinute": 10 * 60}]}
NUMBERS = ["+12125550101", "+12125550102", "+12125550103"]


def call(index: int, lead: int, minute: int, lasts: int = 1) -> dict:
    """A call to a New Yorker, so many minutes after nine on Monday there."""
    return {"sid": f"CA{index}", "number": NUMBERS[lead], "status_callback": f"http://h/twilio/status/call{index}", "overlaps": [],
            "requested_at": f"2026-03-02T14:{minute:02}:00.5Z", "created_at": f"2026-03-02T14:{minute:02}:00.5Z",
            "ended_at": f"2026-03-02T14:{minute + lasts:02}:00Z"}


class World:
    """Three leads, three calls; `api` as the gateway answers."""

    def __init__(self):
        self.truth = [call(0, 0, 1), call(1, 1, 1), call(2, 0, 5)]
        self.calls = [{"callId": f"call{i}", "providerCallId": f"CA{i}", "outcome": "x", "to": NUMBERS[0]} for i in range(3)]
        self.leads = [{"phone": number, "state": "LEAD_STATE_DONE"} for number in NUMBERS]
        self.proof = [{"kind": "permit", "call": f"call{i}", "lead": record["number"], "state": "ended",
                       "granted": record["requested_at"]} for i, record in enumerate(self.truth)]
        self.entries = [{"number": NUMBERS[2], "addedAt": "2026-03-02T14:02:00Z"}]
        self.operator = SimpleNamespace(added=[NUMBERS[1]], banned=[NUMBERS[2]])
        self.state = "completed"

    def add(self, record: dict, **permit):
        self.truth.append(record)
        name = record["status_callback"].rsplit("/", 1)[1]
        self.calls.append({"callId": name, "providerCallId": record["sid"], "outcome": "x", "to": record["number"]})
        self.proof.append({"kind": "permit", "call": name, "lead": record["number"], "state": "ended",
                           "granted": record["requested_at"], **permit})

    def pages(self, path: str, name: str) -> list:
        return getattr(self, name)

    def violations(self) -> dict:
        campaigns = SimpleNamespace(ids={"busy": "id"}, policies={"busy": POLICY}, numbers={"busy": NUMBERS},
                                    states=lambda: {"busy": self.state})
        evidence = checks.Evidence(campaigns, self, self.truth, {"busy": self.proof}, self.operator)
        return {name for name, check in checks.CHECKS.items() if check(evidence)}


def spoil(name: str, world: World):
    match name:
        case "attempts placed twice": world.truth.append({**world.truth[2], "sid": "CA2"})
        case "leads on two calls at once": world.truth[2]["overlaps"] = ["CA0"]
        case "calls that the services do not know": world.calls[1]["providerCallId"] = ""
        case "leads lost": world.leads[1]["state"] = "LEAD_STATE_OPEN"
        case "attempts without an end": world.proof[1]["state"] = "dial_unknown"
        case "calls at once over the cap":
            # The third at once, though each to another lead and none too many a day.
            world.truth[2] = {**call(2, 2, 1), "requested_at": world.truth[0]["requested_at"]}
            world.proof[2]["lead"] = NUMBERS[2]
        case "calls a day over the cap": world.add(call(3, 2, 20))
        case "calls a lead over the cap":
            world.truth[1], world.proof[1]["lead"] = call(1, 0, 3), NUMBERS[0]
        case "calls outside the windows":
            world.truth[2].update(requested_at="2026-03-02T15:00:00Z", created_at="2026-03-02T15:00:00Z", ended_at="2026-03-02T15:01:00Z")
        case "calls after an opt-out":
            world.entries.append({"number": NUMBERS[0], "addedAt": "2026-03-02T13:59:00Z"})
        case "opt-outs lost": world.calls[0].update(optedOut=True)


def check_the_checks():
    assert World().violations() == set(), World().violations()
    for name in checks.CHECKS:
        world = World()
        spoil(name, world)
        assert name in world.violations(), f"{name} is not noticed"
    slot, ended = "call0", checks.moment("2026-03-02T14:02:00Z").timestamp()
    world = World()
    evidence = SimpleNamespace(truth=copy.deepcopy(world.truth), call_id=lambda record: record["status_callback"].rsplit("/", 1)[1])
    def leaks(after: float, dialing_for: float, lapsed: float) -> bool:
        samples = [checks.Slots(ended + after, dialing_for, {slot: lapsed}), checks.Slots(ended + 999, 99, {})]
        return bool(checks.leaked_slots(evidence, samples, 30, lambda at: at.timestamp()))

    assert not leaks(89, 99, 9) and not leaks(89, 9, 20)
    assert leaks(91, 99, -5) and leaks(1, 99, 11)
