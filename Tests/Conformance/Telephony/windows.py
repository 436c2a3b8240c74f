"""Questions about call windows, laws and public holidays, with answers that do not come from the Telephony module.

Windows: every zone at every change of its clock, against a walk through the minutes around it by Python's zoneinfo. Laws:
hours of some places, written down here a second time. Holidays: PyPI holidays 0.109; days that the module keeps
and the package does not are listed below with the reason, and a day that the package alone keeps is a failure.
"""

import datetime
import zoneinfo

UTC = datetime.timezone.utc
FIRST_YEAR, LAST_YEAR = 2025, 2028
HOURS_AROUND = 6
PATTERNS = ["0-1440", "0-30,60-90,105-120,150-210,1380-1440", "15-45,90-135,165-195", "120-180", "1290-1440", "0-60"]

STATES = ["ACT", "NSW", "NT", "QLD", "SA", "TAS", "VIC", "WA"]
# Days that shut a state though the package does not list them for it.
STRICTER = {
    "SA": {"2027-04-26": "Anzac Day on a Sunday: the Monday as well, as in the states around"},
    "NT": {day: "Darwin Show Day, kept by the largest district"
           for day in ("2025-07-25", "2026-07-24", "2027-07-23", "2028-07-28")},
    "TAS": {
        **{day: "Easter Sunday, on which trade is restricted" for day in ("2025-04-20", "2026-04-05")},
        **{day: "Royal Hobart Regatta, kept in the south"
           for day in ("2025-02-10", "2026-02-09", "2027-02-08", "2028-02-14")},
        **{day: "Royal Hobart Show, kept in the south"
           for day in ("2025-10-23", "2026-10-22", "2027-10-21", "2028-10-26")},
        **{day: "Recreation Day, kept in the north"
           for day in ("2025-11-03", "2026-11-02", "2027-11-01", "2028-11-06")},
    },
}

# Hours by weekday, Monday first; None for a day without.
EVERY_DAY = {"US-NY": (8, 21), "US-CA": (8, 21), "US-PR": (8, 21), "US-FL": (8, 20), "US-OK": (8, 20), "US-MD": (8, 20),
             "US-WA": (8, 20), "US-WY": (8, 20), "US-KY": (10, 21)}
LAWS = {place: [hours] * 7 for place, hours in EVERY_DAY.items()}
LAWS["US-TX"] = [(9, 21)] * 6 + [(12, 21)]
LAWS["US-ME"] = [(9, 17)] * 5 + [None, None]
LAWS["GB"] = LAWS["AU"] = [(9, 20)] * 5 + [(9, 17), None]


def australian(holidays, state, year):
    """The dates on which a state is shut, with the country's."""
    days = set(holidays.country_holidays("AU", years=year))
    days |= set(holidays.country_holidays("AU", subdiv=state, years=year, categories=("public", "half_day")))
    days |= {datetime.date.fromisoformat(day) for day in STRICTER.get(state, {}) if day.startswith(str(year))}
    return days


def holiday_questions(holidays):
    asked = []
    for year in range(FIRST_YEAR, LAST_YEAR + 1):
        for place in ["US", "AU"] + [f"AU-{state}" for state in STATES]:
            country, _, state = place.partition("-")
            days = australian(holidays, state, year) if state else set(holidays.country_holidays(country, years=year))
            asked.append((f"holidays\t{place}\t{year}", "\t".join(day.isoformat() for day in sorted(days))))
    return asked


def law_questions(generator, holidays, count):
    """Random instants in random places, in the middle of a minute so that no edge is hit."""
    first = int(datetime.datetime(FIRST_YEAR, 1, 2, tzinfo=UTC).timestamp())
    last = int(datetime.datetime(LAST_YEAR, 12, 30, tzinfo=UTC).timestamp())
    shut = {(state, year): australian(holidays, state, year)
            for state in STATES for year in range(FIRST_YEAR, LAST_YEAR + 1)}
    zones = ["America/New_York", "America/Los_Angeles", "Australia/Sydney", "Australia/Perth", "Europe/London"]
    asked = []
    for _ in range(count):
        places = generator.sample(list(LAWS) + [f"AU-{state}" for state in STATES], generator.choice([1, 1, 2]))
        places = [place for place in places if place != "AU"] or ["AU-NSW"]
        name = generator.choice(zones)
        seconds = generator.randrange(first, last) // 60 * 60 + 30
        local = datetime.datetime.fromtimestamp(seconds, zoneinfo.ZoneInfo(name))
        hour = local.hour
        allowed = True
        for place in places:
            hours = LAWS["AU" if place.startswith("AU-") else place][local.weekday()]
            allowed = allowed and hours is not None and hours[0] <= hour < hours[1]
            if place.startswith("AU-"):
                allowed = allowed and local.date() not in shut[place[3:], local.year]
        asked.append((f"law\t{','.join(places)}\t{name}\t{seconds}", "open" if allowed else "closed"))
    return asked


def offset(zone, seconds):
    return int(datetime.datetime.fromtimestamp(seconds, zone).utcoffset().total_seconds())


def window_questions(generator, edges):
    """Around each change of each zone's clock: whether a window is open, and when that changes next."""
    first = int(datetime.datetime(2024, 1, 1, tzinfo=UTC).timestamp())
    last = int(datetime.datetime(2035, 1, 1, tzinfo=UTC).timestamp())
    asked = []
    for name in sorted(zoneinfo.available_timezones() - {"Factory", "localtime"}):
        zone = zoneinfo.ZoneInfo(name)
        for edge in edges(zone, first, last):
            pattern = generator.choice(PATTERNS)
            asked += around(name, zone, edge, pattern, generator)
    return asked


def around(name, zone, edge, pattern, generator):
    minutes = HOURS_AROUND * 2 * 60
    start = edge - minutes * 30
    before, after = offset(zone, edge - 1), offset(zone, edge)
    if offset(zone, start) != before or offset(zone, start + minutes * 60) != after:
        return []  # Another change is near; the simple walk below knows one only.
    local = [start + minute * 60 + (before if start + minute * 60 < edge else after) for minute in range(minutes)]
    latest, earliest = local[:], local[:]
    for minute in range(1, minutes):
        latest[minute] = max(latest[minute], latest[minute - 1])
        earliest[-1 - minute] = min(earliest[-1 - minute], earliest[-minute])
    ranges = [tuple(int(text) * 60 for text in part.split("-")) for part in pattern.split(",")]

    def is_open(minute):
        midnight = local[minute] // 86_400 * 86_400
        return any(midnight + low <= earliest[minute] and latest[minute] < midnight + high
                   for low, high in ranges if midnight + low <= local[minute] < midnight + high)

    states = [is_open(minute) for minute in range(minutes)]
    margin = 150  # The walk does not see what the clock does beyond its ends.
    changes = [minute for minute in range(1, minutes) if states[minute] != states[minute - 1]]
    chosen = [minute + step for minute in generator.sample(changes, min(2, len(changes))) for step in (-1, 0)]
    asked = []
    for minute in chosen + [minutes // 2 - 1, minutes // 2]:
        if not margin <= minute < minutes - margin:
            continue
        following = next((later for later in range(minute, minutes - margin) if states[later] != states[minute]), None)
        if following is None:
            continue
        answer = "open" if states[minute] else "closed"
        asked.append((f"window\t{name}\t{pattern}\t{start + minute * 60}", f"{answer}\t{start + following * 60}"))
    return asked
