"""Holds what the services say against what the phone network knows to be true. Each check returns the violations it found.

The simulation's checks (Tests/Simulation), for real processes: written down once more, with none of the services' rules.
"""

import datetime
import subprocess
from collections import Counter, defaultdict
from typing import NamedTuple
from zoneinfo import ZoneInfo

from campaigns import ZONES

# How long a permit may be used, and news may be on their way.
PERMIT_LIFE = datetime.timedelta(minutes=5)


def moment(text: str) -> datetime.datetime:
    head, _, fraction = text.removesuffix("Z").partition(".")
    return datetime.datetime.fromisoformat(head).replace(
        microsecond=int(fraction.ljust(6, "0")[:6]) if fraction else 0, tzinfo=datetime.timezone.utc)


class Evidence:
    """Everything there is to know once all is over."""

    def __init__(self, campaigns, api, truth: list, proofs: dict, operator):
        self.campaigns, self.truth, self.proofs, self.operator = campaigns, truth, proofs, operator
        self.calls, self.leads, self.permits, self.campaign_of = {}, {}, {}, {}
        for name, id in campaigns.ids.items():
            self.calls[name] = api.pages(f"/api/campaigns/{id}/calls", "calls")
            self.leads[name] = api.pages(f"/api/campaigns/{id}/leads", "leads")
            for row in proofs[name]:
                if row["kind"] == "permit":
                    self.permits[row["call"]] = row
                    self.campaign_of[row["call"]] = name
        self.entries = api.pages("/api/do-not-call", "entries")

    def call_id(self, record: dict) -> str:
        """The attempt that a call of the network belongs to: its id stands in the address of its callbacks."""
        return record["status_callback"].rsplit("/", 1)[1]

    def of(self, campaign: str) -> list:
        return [record for record in self.truth if self.campaign_of.get(self.call_id(record)) == campaign]


def placed_twice(evidence: Evidence) -> list:
    counts = Counter(evidence.call_id(record) for record in evidence.truth)
    return [f"attempt {call} was placed {count} times" for call, count in counts.items() if count > 1]


def two_calls_at_once(evidence: Evidence) -> list:
    """To one lead; two campaigns may have the same number."""
    found, by_sid = [], {record["sid"]: record for record in evidence.truth}
    for record in evidence.truth:
        mine = evidence.permits.get(evidence.call_id(record), {}).get("lead")
        for other in record["overlaps"]:
            if evidence.permits.get(evidence.call_id(by_sid[other]), {}).get("lead") == mine:
                found.append(f"{record['sid']} was asked for while {other} went on, lead {mine}")
    return found


def unknown_calls(evidence: Evidence) -> list:
    """What the network carried and the services did not permit, gave up, or tell nothing of."""
    known = {call["providerCallId"] for calls in evidence.calls.values() for call in calls if call.get("providerCallId")}
    found = []
    for record in evidence.truth:
        call = evidence.call_id(record)
        permit = evidence.permits.get(call)
        if permit is None:
            found.append(f"{record['sid']} has no permit")
        elif permit["state"] == "withdrawn":
            found.append(f"{record['sid']} was placed, its attempt {call} withdrawn")
        elif record["sid"] not in known:
            found.append(f"{record['sid']} of attempt {call} is not among the calls")
    return found


def leads_lost(evidence: Evidence) -> list:
    found = []
    for name, leads in evidence.leads.items():
        found += [f"{name}: lead {lead['phone']} is {lead.get('state')}" for lead in leads if lead.get("state") != "LEAD_STATE_DONE"]
        wanted = set(evidence.campaigns.numbers[name]) | (set(evidence.operator.added) if name == "busy" else set())
        numbers = [lead["phone"] for lead in leads]
        found += [f"{name}: {number} is not there" for number in wanted - set(numbers)]
        found += [f"{name}: {number} is there twice" for number, count in Counter(numbers).items() if count > 1]
    return found + [f"{name} is {state}" for name, state in evidence.campaigns.states().items() if state != "completed"]


def attempts_without_an_end(evidence: Evidence) -> list:
    told = Counter(call["callId"] for calls in evidence.calls.values() for call in calls if call.get("outcome"))
    return [f"attempt {call} is {permit['state']}, with {told[call]} outcomes" for call, permit in evidence.permits.items()
            if not (permit["state"] == "withdrawn" and told[call] == 0 or permit["state"] == "ended" and told[call] == 1)]


def too_many_at_once(evidence: Evidence) -> list:
    found = []
    for name, policy in evidence.campaigns.policies.items():
        events = []
        for record in evidence.of(name):
            events += [(moment(record["created_at"]), 1, record["sid"]), (moment(record["ended_at"]), -1, record["sid"])]
        live = 0
        for at, change, sid in sorted(events, key=lambda event: event[:2]):
            live += change
            if change > 0 and live > policy["maxConcurrentCalls"]:
                found.append(f"{name}: {live} calls at once with {sid} at {at:%H:%M:%S}")
    return found


def too_many_a_day(evidence: Evidence) -> list:
    found = []
    for name, policy in evidence.campaigns.policies.items():
        if not policy.get("maxCallsPerDay"):
            continue
        zone, days = ZoneInfo(policy["timeZone"]), Counter()
        for record in evidence.of(name):
            # A call counts for the day on which it was permitted.
            granted = moment(evidence.permits[evidence.call_id(record)]["granted"])
            asked = moment(record["requested_at"])
            days[(granted if asked - granted <= PERMIT_LIFE else asked).astimezone(zone).date()] += 1
        found += [f"{name}: {count} calls on {day}" for day, count in days.items() if count > policy["maxCallsPerDay"]]
    return found


def too_many_for_a_lead(evidence: Evidence) -> list:
    found = []
    for name, policy in evidence.campaigns.policies.items():
        counts = Counter(evidence.permits[evidence.call_id(record)]["lead"] for record in evidence.of(name))
        found += [f"{name}: lead {lead} was called {count} times" for lead, count in counts.items() if count > policy["maxCallsPerLead"]]
    return found


def outside_the_windows(evidence: Evidence) -> list:
    found = []
    for name, policy in evidence.campaigns.policies.items():
        for record in evidence.of(name):
            local = moment(record["requested_at"]).astimezone(ZoneInfo(ZONES[record["number"][2:5]]))
            minute = local.hour * 60 + local.minute
            isOpen = any(window["weekday"] == local.isoweekday() and window["startMinute"] <= minute < window["endMinute"]
                         for window in policy["callWindows"])
            if not isOpen or not 8 * 60 <= minute < 21 * 60:
                found.append(f"{name}: {record['sid']} was asked for at {local:%a %H:%M:%S} on the lead's clock")
    return found


def after_an_opt_out(evidence: Evidence) -> list:
    """Later than a permit from before it could be used; `under_way` counts those in between."""
    return [line for line, late in opt_outs(evidence) if late]


def under_way(evidence: Evidence) -> int:
    return sum(1 for _, late in opt_outs(evidence) if not late)


def opt_outs(evidence: Evidence) -> list:
    found, calls = [], defaultdict(list)
    for record in evidence.truth:
        calls[record["number"]].append(record)
    for entry in evidence.entries:
        added = moment(entry["addedAt"])
        for record in calls[entry["number"]]:
            after = moment(record["requested_at"]) - added
            if after > datetime.timedelta(0):
                found.append((f"{record['sid']} was asked for {after} after its number came onto the list", after > PERMIT_LIFE))
    return found


def opt_outs_lost(evidence: Evidence) -> list:
    """What somebody said on a call, as far as their sentence was over before anything broke."""
    listed = {entry["number"] for entry in evidence.entries}
    heard = {call["to"] for calls in evidence.calls.values() for call in calls if call.get("optedOut")}
    missing = (heard | set(evidence.operator.banned)) - listed
    return [f"{number} opted out and is on no list" for number in missing]


class Slots(NamedTuple):
    """Which attempts held a slot at one moment."""

    at: float
    # For how long some dialer had been running.
    dialing_for: float
    # By attempt: for how many seconds the lease has been over; below zero: it is not.
    held: dict


def leaked_slots(evidence: Evidence, samples: list, lease: float, real) -> list:
    """A slot that outlived its lease though some dialer could have freed it. And one that was held when its call had been over
    for three leases: whoever does not know of the end yet may renew it, but not for ever."""
    ended = defaultdict(float)
    for record in evidence.truth:
        ended[evidence.call_id(record)] = max(ended[evidence.call_id(record)], real(moment(record["ended_at"])))
    found = {}
    for at, dialing_for, held in samples:
        for call, lapsed in held.items():
            if min(lapsed, dialing_for) > 10:
                found[call] = f"the slot of {call} was held {lapsed:.0f} s beyond its lease"
            if call in ended and at > ended[call] + 3 * lease:
                found[call] = f"the slot of {call} was held {at - ended[call]:.0f} s after its call's end"
    return list(found.values()) + [f"{call} holds a slot in the end" for call in samples[-1].held]


def broken_proofs(stack, files: dict) -> list:
    found = []
    for name, file in files.items():
        done = subprocess.run([str(stack.BIN / "ringmaster-verify"), str(file)], capture_output=True, text=True)
        if done.returncode != 0:
            found += [f"{name}: {line}" for line in (done.stdout + done.stderr).splitlines()[:20]]
    return found


CHECKS = {
    "attempts placed twice": placed_twice,
    "leads on two calls at once": two_calls_at_once,
    "calls that the services do not know": unknown_calls,
    "leads lost": leads_lost,
    "attempts without an end": attempts_without_an_end,
    "calls at once over the cap": too_many_at_once,
    "calls a day over the cap": too_many_a_day,
    "calls a lead over the cap": too_many_for_a_lead,
    "calls outside the windows": outside_the_windows,
    "calls after an opt-out": after_an_opt_out,
    "opt-outs lost": opt_outs_lost,
}
