"""The campaigns that run while processes die, and how they are fed meanwhile."""

import csv
import json
import threading
import urllib.error
import urllib.request
from random import Random

# Area codes with one time zone each (North American numbering plan).
AREAS = {
    "America/New_York": [212, 305, 404, 617, 716, 919], "America/Chicago": [214, 312, 504, 612, 713],
    "America/Denver": [303, 406, 801], "America/Los_Angeles": [206, 213, 415, 619],
}
ZONES = {str(code): zone for zone, codes in AREAS.items() for code in codes}

BASE = {
    "callType": "CALL_TYPE_QUALIFY_LEAD", "agentName": "Robin", "businessName": "Northwind Software", "voice": "marin",
    "scriptGuidance": "Northwind makes scheduling software for small firms.", "provider": "twilio", "defaultRegion": "US",
    "callerIds": ["+15005550006", "+15005550007"], "leaveVoicemail": True, "maxCallDuration": "90s",
    "minQualificationScore": 70,
    # Ten minutes and twenty: retries come while faults go on.
    "retryRules": [
        {"outcome": "CALL_OUTCOME_NO_ANSWER", "delays": ["600s", "1200s"], "maxRetries": 2},
        {"outcome": "CALL_OUTCOME_BUSY", "delays": ["600s"], "maxRetries": 2},
        {"outcome": "CALL_OUTCOME_FAILED", "delays": ["600s"], "maxRetries": 2},
    ],
    "criteria": [
        {"field": "budget", "operator": ">=", "values": [{"number": 10000}], "weight": 40},
        {"field": "timeline", "operator": "in", "values": [{"text": "immediate"}, {"text": "within_month"}], "weight": 30},
        {"field": "decision_maker", "operator": "==", "values": [{"flag": True}], "weight": 30},
    ],
}


def windows(pieces: list) -> list:
    """From Monday, when it all begins, to Wednesday."""
    return [{"weekday": day, "startMinute": start, "endMinute": end} for day in (1, 2, 3) for start, end in pieces]


def policies(leads: dict) -> dict:
    """Three campaigns, each with another limit that binds: calls at once, windows, calls a day."""
    return {
        "busy": {**BASE, "maxConcurrentCalls": 3, "maxCallsPerLead": 3, "timeZone": "America/New_York",
                 "callWindows": windows([(8 * 60, 21 * 60)])},
        # Forty minutes of every hour.
        "windows": {**BASE, "maxConcurrentCalls": 2, "maxCallsPerLead": 2, "timeZone": "America/New_York",
                    "callWindows": windows([(hour * 60, hour * 60 + 40) for hour in range(8, 21)])},
        # Its day begins at 17:00 UTC, while it runs; two days are enough for all.
        "capped": {**BASE, "maxConcurrentCalls": 2, "maxCallsPerLead": 3, "timeZone": "Etc/GMT-7",
                   "maxCallsPerDay": max(4, leads["capped"]), "callWindows": windows([(8 * 60, 21 * 60)])},
    }


def invent(random: Random, count: int, taken: set) -> list:
    numbers = []
    while len(numbers) < count:
        number = f"+1{random.choice(list(ZONES))}{random.randint(220, 989)}{random.randint(0, 9999):04d}"
        if number in taken or number[5:8] in ("555", "911", "976", "950") or number[6:8] == "11":
            continue
        taken.add(number)
        numbers.append(number)
    return numbers


class Campaigns:
    """Creates the campaigns and starts them; `lead_count` numbers in all, some of them in two campaigns."""

    def __init__(self, stack, random: Random, lead_count: int):
        self.stack, self.random, self.taken = stack, random, set()
        sizes = {"busy": lead_count * 6 // 10, "windows": lead_count * 25 // 100, "capped": lead_count * 15 // 100}
        self.numbers = {name: invent(random, size, self.taken) for name, size in sizes.items()}
        # People who opt out of one campaign must not be called by the other.
        self.numbers["windows"] += random.sample(self.numbers["busy"], sizes["windows"] // 2)
        self.policies = policies(sizes)
        self.ids = {}

    def start(self):
        for name, policy in self.policies.items():
            file = self.stack.folder / f"{name}.json"
            file.write_text(json.dumps({**policy, "name": f"Chaos: {name}"}))
            self.ids[name] = self.stack.json("campaigns", "create", "--file", str(file))["campaignId"]
            rows = self.stack.folder / f"{name}.csv"
            with open(rows, "w", newline="") as out:
                csv.writer(out).writerows([["phone", "first_name"], *[[number, "Ada"] for number in self.numbers[name]]])
            answer = self.stack.json("leads", "upload", self.ids[name], str(rows))
            assert int(answer["added"]) == len(self.numbers[name]), answer
            self.stack.json("campaigns", "start", self.ids[name])

    def states(self) -> dict:
        return {name: self.stack.json("campaigns", "progress", id)["state"].removeprefix("CAMPAIGN_STATE_").lower()
                for name, id in self.ids.items()}


class Operator(threading.Thread):
    """Somebody who works while processes die: adds leads and puts numbers on the do-not-call list, and asks again until it is
    answered, with the same key."""

    def __init__(self, campaigns: Campaigns, key: str, random: Random):
        super().__init__(daemon=True)
        self.campaigns, self.key, self.random = campaigns, key, random
        self.stopped = threading.Event()
        self.banned, self.added, self.refused = [], [], []

    def run(self):
        while not self.stopped.wait(self.random.uniform(1, 4)):
            if self.random.random() < 0.6:
                [number] = invent(self.random, 1, self.campaigns.taken)
                path = f"/api/campaigns/{self.campaigns.ids['busy']}/leads/add"
                if self.until_answered(path, {"phone": number, "firstName": "Ben"}, {"Idempotency-Key": f"lead {number}"}):
                    self.added.append(number)
            else:
                number = self.random.choice(self.campaigns.numbers["busy"])
                if self.until_answered("/api/do-not-call", {"number": number, "reason": "asked by letter"}, {}):
                    self.banned.append(number)

    def until_answered(self, path: str, body: dict, headers: dict) -> bool:
        while True:
            request = urllib.request.Request(
                self.campaigns.stack.url + path, data=json.dumps(body).encode(), method="POST",
                headers={"Authorization": f"Bearer {self.key}", "Content-Type": "application/json", **headers})
            try:
                with urllib.request.urlopen(request, timeout=10):
                    return True
            except urllib.error.HTTPError as error:
                if error.code < 500 and error.code != 429:
                    self.refused.append((path, error.code, error.read().decode()))
                    return False
            except OSError:
                pass
            if self.stopped.wait(0.5):
                return False
