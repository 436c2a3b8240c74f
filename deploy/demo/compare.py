#!/usr/bin/env python3
"""Holds what Ringmaster's API says of a campaign against what the phone network knows to be true.

Prints the table that ends the demo; with --json, the same as data. Exits 1 when a promise does not hold: every lead
ends in a final state; the outcome equals the truth for at least 99 % of leads; nobody is called twice for one attempt;
nobody is called outside the campaign's hours. Standard library only, and none of Ringmaster's own rules: the hours and
the scores are computed here a second time.
"""

import argparse
import datetime
import json
import sys
import urllib.request
from collections import Counter
from zoneinfo import ZoneInfo

AREAS = {
    "America/New_York": [212, 305, 404, 412, 617, 704, 716, 803, 919, 978],
    "America/Chicago": [214, 312, 314, 405, 504, 512, 612, 615, 713, 816],
    "America/Denver": [303, 385, 406, 505, 719, 801],
    "America/Los_Angeles": [206, 213, 310, 415, 503, 619, 702, 916],
}
ZONES = {str(code): ZoneInfo(zone) for zone, codes in AREAS.items() for code in codes}
# What the phone network calls an ending, and what Ringmaster should say of it.
PLAIN = {
    "no_answer": {"no_answer"}, "busy": {"busy"}, "failed": {"failed"}, "voicemail": {"voicemail"},
    "wrong_number": {"wrong_number"}, "not_interested": {"not_interested"}, "opted_out": {"not_interested"},
    "callback_requested": {"callback_requested"}, "hung_up_early": {"not_interested"},
    # We ended it before they could say anything, or before they answered: not their no.
    "cut_short": {"failed"}, "canceled": {"failed"},
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("campaign")
    parser.add_argument("--gateway", required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--network", required=True)
    parser.add_argument("--seconds", type=float, help="how long the campaign ran, on the wall clock")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    api = API(options.gateway, options.key)
    base = f"/api/campaigns/{options.campaign}"
    policy = api.get(base)["policy"]
    leads = api.pages(f"{base}/leads", "leads")
    calls = api.pages(f"{base}/calls", "calls")
    statistics = api.get(f"{base}/statistics")
    truth = Network(options.network).calls()
    report = compare(policy, leads, calls, truth)
    if options.json:
        print(json.dumps(report, indent=2))
    else:
        show(report, leads, calls, statistics, options.seconds)
    return 0 if all(report["promises"].values()) else 1


class API:
    def __init__(self, base: str, key: str):
        self.base, self.key = base, key

    def get(self, path: str):
        request = urllib.request.Request(self.base + path, headers={"Authorization": f"Bearer {self.key}"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def pages(self, path: str, name: str) -> list:
        rows, cursor = [], ""
        while True:
            page = self.get(f"{path}?limit=500" + (f"&cursor={cursor}" if cursor else ""))
            rows += page.get(name, [])
            cursor = page.get("nextCursor", "")
            if not cursor:
                return rows


class Network:
    def __init__(self, base: str):
        self.base = base

    def get(self, path: str):
        with urllib.request.urlopen(self.base + path, timeout=30) as answer:
            return json.load(answer)

    def calls(self) -> list:
        rows, cursor = [], "0"
        while cursor is not None:
            page = self.get(f"/truth/calls?limit=1000&cursor={cursor}")
            rows += page["calls"]
            cursor = page["next_cursor"]
        return rows


def compare(policy: dict, leads: list, calls: list, truth: list) -> dict:
    by_sid = {call["providerCallId"]: call for call in calls if call.get("providerCallId")}
    last_truth = {}
    for record in truth:  # In the order in which they were asked for.
        last_truth[record["number"]] = record
    differing = []
    for lead in leads:
        said = word(lead.get("outcome", ""))
        record = last_truth.get(lead["phone"])
        expected = expected_outcomes(record, policy) if record else {""}
        if said not in expected:
            differing.append({"phone": lead["phone"], "said": said, "truth": sorted(expected),
                              "sid": record and record["sid"], "call": record and by_sid.get(record["sid"], {}).get("callId")})
    callbacks = Counter(record["status_callback"] for record in truth)
    doubles = sum(count - 1 for count in callbacks.values() if count > 1)
    overlapping = sum(1 for record in truth if record["overlaps"])
    outside = [record["sid"] for record in truth if not in_hours(record)]
    unknown = [record["sid"] for record in truth if record["sid"] not in by_sid]
    attempts = Counter(record["number"] for record in truth)
    most = int(policy.get("maxCallsPerLead", 3))
    open_leads = [lead["phone"] for lead in leads if word(lead.get("state", "")) != "done"]
    right = len(leads) - len(differing)
    return {
        "leads": len(leads), "open": len(open_leads), "calls": len(calls), "network_calls": len(truth),
        "right": right, "share": right / len(leads) if leads else 0, "differing": differing,
        "doubles": doubles, "overlapping": overlapping, "outside_hours": len(outside), "unknown_to_us": len(unknown),
        "over_maximum": sum(1 for count in attempts.values() if count > most),
        "lead_outcomes": dict(Counter(word(lead.get("outcome", "")) for lead in leads)),
        "true_outcomes": dict(Counter(shown(last_truth.get(lead["phone"]), policy) for lead in leads)),
        "promises": {
            "every lead has a final outcome": not open_leads and bool(leads),
            "outcome equals the truth for at least 99 % of leads": bool(leads) and right / len(leads) >= 0.99,
            "nobody called twice for one attempt": doubles == 0 and overlapping == 0,
            "nobody called more often than allowed": all(count <= most for count in attempts.values()),
            "nobody called outside the hours": not outside,
            "no call that the services do not know of": not unknown,
        },
    }


def word(name: str) -> str:
    for prefix in ("CALL_OUTCOME_", "LEAD_STATE_"):
        name = name.removeprefix(prefix)
    return name.lower()


def expected_outcomes(record: dict, policy: dict) -> set:
    outcome = record["outcome"]
    if outcome in PLAIN:
        return PLAIN[outcome]
    if outcome == "conversation":
        facts = record["planned"]["facts"]
        told = set(record["conversation"]["told"])
        return {"qualified" if score(facts, told, policy) >= int(policy.get("minQualificationScore", 0)) else "unqualified"}
    return set()


def shown(record, policy: dict) -> str:
    if record is None:
        return "never called"
    return "/".join(sorted(expected_outcomes(record, policy))) or record["outcome"] or "unfinished"


def score(facts: dict, told: set, policy: dict) -> int:
    total = sum(criterion["weight"] for criterion in policy["criteria"])
    points = 0.0
    for criterion in policy["criteria"]:
        field = criterion["field"]
        value = facts.get(field) if field in told else None
        if value is None:
            continue
        wanted = [next(iter(item.values())) for item in criterion.get("values", [])]
        met = {
            ">=": lambda: value >= wanted[0], "in": lambda: value in wanted, "==": lambda: value == wanted[0],
            "contains_any": lambda: any(item in value for item in wanted),
        }[criterion["operator"]]()
        points += criterion["weight"] / total * 100 if met else 0
    return round(points)


def in_hours(record: dict) -> bool:
    zone = ZONES.get(record["number"][2:5])
    if zone is None:
        return False
    local = datetime.datetime.fromisoformat(record["requested_at"].replace("Z", "+00:00")).astimezone(zone)
    return local.isoweekday() <= 5 and 8 * 60 <= local.hour * 60 + local.minute < 21 * 60


def show(report: dict, leads: list, calls: list, statistics: dict, seconds: float | None) -> None:
    print(f"{'final outcome of a lead':26}{'services':>10}{'truth':>10}")
    names = sorted(set(report["lead_outcomes"]) | set(report["true_outcomes"]))
    for name in names:
        print(f"{name or 'none':26}{report['lead_outcomes'].get(name, 0):>10}{report['true_outcomes'].get(name, 0):>10}")
    print(f"{'leads':26}{report['leads']:>10}{sum(report['true_outcomes'].values()):>10}")
    print(f"{'calls':26}{report['calls']:>10}{report['network_calls']:>10}")
    scores = statistics.get("scores", {})
    print("\nscores      " + "  ".join(f"{band}: {scores[band]}" for band in sorted(scores, key=lambda b: int(b.split('-')[0]))))
    vendors = statistics.get("costMicrosByVendor", {})
    total = int(statistics.get("costMicros", 0)) / 1e6
    parts = ", ".join(f"{vendor} ${int(micros) / 1e6:.2f}" for vendor, micros in sorted(vendors.items()))
    qualified = report["lead_outcomes"].get("qualified", 0)
    each = f", ${total / qualified:.2f} a qualified lead" if qualified else ""
    print(f"cost        ${total:.2f} ({parts}); ${total / max(1, len(calls)):.3f} a call{each}")
    if seconds:
        print(f"rate        {len(calls)} calls in {seconds:.0f} s: {len(calls) / seconds:.1f} a second through all services")
    print(f"equal to the truth: {report['right']} of {report['leads']} leads ({report['share'] * 100:.2f} %)")
    for row in report["differing"][:10]:
        print(f"  {row['phone'][:5]}*****{row['phone'][-2:]}: said {row['said']}, truth {', '.join(row['truth']) or 'none'} (call {row['call']})")
    print()
    for promise, holds in report["promises"].items():
        print(f"  {'✓' if holds else '✗ BROKEN:'} {promise}")


if __name__ == "__main__":
    sys.exit(main())
