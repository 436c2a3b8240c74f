#!/usr/bin/env python3
"""Makes Data/public_holidays.txt from the rules of each holiday act, which are written here. Standard library only.

    python3 Shared/Telephony/Generator/public_holidays.py            # writes the file
    python3 Shared/Telephony/Generator/public_holidays.py --check    # fails if it would change

A day too many costs calls, a day too few rings a phone on a holiday, so in doubt a day is listed: the day itself and the
day on which it is made up for, a holiday of an evening as a whole day, a holiday of a state's largest district as the
state's. Shows of single towns of Queensland are not listed. Tests/Conformance/Telephony compares with PyPI `holidays`.

To add a year: read the acts and proclamations for it, add what they change, then move LAST.
"""

import argparse
import collections
import datetime
import pathlib
import sys

DATA_FILE = pathlib.Path(__file__).resolve().parent.parent / "Data" / "public_holidays.txt"
FIRST, LAST = 2025, 2028
MON, TUE, WED, THU, FRI, SAT, SUN = range(7)

# The Friday before the Grand Final of the AFL is proclaimed each year; from 2027 the last Friday of September is taken,
# as the final has been on the last Saturday of September in all years but those of the pandemic and 2015 to 2016.
GRAND_FINAL_FRIDAY = {2025: (9, 26), 2026: (9, 25)}

HEADER = f"""\
# Public holidays, by place. Made by Shared/Telephony/Generator/public_holidays.py from the acts named below.
# A section is a place (ISO 3166), with the years it is complete for: in another year nothing is known of its holidays.
# A line: a name, a colon, the dates.
"""

SOURCES = {
    "US": "5 U.S.C. § 6103 and Executive Order 11582 (days in lieu)",
    "AU": "Fair Work Act 2009 s 115(1)(a)(i) to (vii) but the King's Birthday, which falls on a different day by state",
    "AU-ACT": "Holidays Act 1958 (ACT)",
    "AU-NSW": "Public Holidays Act 2010 (NSW); order of 2025 for Anzac Day 2026 and 2027",
    "AU-NT": "Public Holidays Act 1981 (NT)",
    "AU-QLD": "Holidays Act 1983 (Qld)",
    "AU-SA": "Public Holidays Act 2023 (SA)",
    "AU-TAS": "Statutory Holidays Act 2000 (Tas)",
    "AU-VIC": "Public Holidays Act 1993 (Vic)",
    "AU-WA": "Public and Bank Holidays Act 1972 (WA)",
}


def date(year, month, day):
    return datetime.date(year, month, day)


def nth(year, month, weekday, number):
    """The first, second, … weekday of a month, or with -1 its last."""
    if number < 0:
        last = (date(year + month // 12, month % 12 + 1, 1)) - datetime.timedelta(days=1)
        return last - datetime.timedelta(days=(last.weekday() - weekday) % 7)
    first = date(year, month, 1)
    return first + datetime.timedelta(days=(weekday - first.weekday()) % 7 + 7 * (number - 1))


def on_or_after(day, weekday):
    return day + datetime.timedelta(days=(weekday - day.weekday()) % 7)


def easter(year):
    """Easter Sunday, by the method of Meeus, Jones and Butcher."""
    a, (b, c) = year % 19, divmod(year, 100)
    (d, e), f = divmod(b, 4), (b + 8) // 25
    g = (b - f + 1) // 3
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    l = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * l) // 451
    month, day = divmod(h + l - 7 * m + 114, 31)
    return date(year, month, day + 1)


class Calendar(collections.defaultdict):
    """Name to dates."""

    def __init__(self):
        super().__init__(list)

    def add(self, name, *days):
        self[name].extend(days)

    def next_weekday(self, name, day, weekdays=(SAT, SUN)):
        """A day off on the Monday after, for a day on one of `weekdays`."""
        if day.weekday() in weekdays:
            self.add(f"{name} (additional)", on_or_after(day, MON))


def united_states(year):
    calendar = Calendar()
    fixed = {"New Year's Day": (1, 1), "Juneteenth": (6, 19), "Independence Day": (7, 4), "Veterans Day": (11, 11),
             "Christmas Day": (12, 25)}
    for name, (month, day) in fixed.items():
        calendar.add(name, date(year, month, day))
        for where in (date(year, month, day), date(year + 1, month, day)):  # New Year's Day of the next year counts.
            in_lieu = where + datetime.timedelta(days={SAT: -1, SUN: 1}.get(where.weekday(), 0))
            if in_lieu != where and in_lieu.year == year:
                calendar.add(f"{name} (in lieu)", in_lieu)
    calendar.add("Birthday of Martin Luther King, Jr.", nth(year, 1, MON, 3))
    calendar.add("Washington's Birthday", nth(year, 2, MON, 3))
    calendar.add("Memorial Day", nth(year, 5, MON, -1))
    calendar.add("Labor Day", nth(year, 9, MON, 1))
    calendar.add("Columbus Day", nth(year, 10, MON, 2))
    calendar.add("Thanksgiving Day", nth(year, 11, THU, 4))
    return calendar


def australia(year):
    calendar = Calendar()
    sunday = easter(year)
    calendar.add("New Year's Day", date(year, 1, 1))
    calendar.add("Australia Day", date(year, 1, 26))
    calendar.add("Good Friday", sunday - datetime.timedelta(days=2))
    calendar.add("Easter Monday", sunday + datetime.timedelta(days=1))
    calendar.add("Anzac Day", date(year, 4, 25))
    calendar.add("Christmas Day", date(year, 12, 25))
    calendar.add("Boxing Day", date(year, 12, 26))
    return calendar


def australian_state(state, year):
    calendar = Calendar()
    sunday = easter(year)
    calendar.next_weekday("New Year's Day", date(year, 1, 1))
    calendar.next_weekday("Australia Day", date(year, 1, 26))
    if state not in ("TAS", "WA"):
        calendar.add("Easter Saturday", sunday - datetime.timedelta(days=1))
    calendar.add("Easter Sunday", sunday)
    anzac_weekend = {"ACT": (SAT, SUN), "WA": (SAT, SUN), "NT": (SUN,), "QLD": (SUN,), "SA": (SUN,),
                     "NSW": (SAT, SUN) if year in (2026, 2027) else ()}
    calendar.next_weekday("Anzac Day", date(year, 4, 25), anzac_weekend.get(state, ()))
    # 25 and 26 December on a weekend are made up for on the Monday and the Tuesday.
    christmas, boxing = date(year, 12, 25), date(year, 12, 26)
    if christmas.weekday() in (SAT, SUN):
        calendar.add("Christmas Day (additional)", date(year, 12, 27))
    if boxing.weekday() in (SAT, SUN):
        calendar.add("Boxing Day (additional)", date(year, 12, 28))
    STATES[state](calendar, year)
    return calendar


def act(calendar, year):
    calendar.add("Canberra Day", nth(year, 3, MON, 2))
    calendar.add("Reconciliation Day", on_or_after(date(year, 5, 27), MON))
    calendar.add("King's Birthday", nth(year, 6, MON, 2))
    calendar.add("Labour Day", nth(year, 10, MON, 1))


def nsw(calendar, year):
    calendar.add("King's Birthday", nth(year, 6, MON, 2))
    calendar.add("Labour Day", nth(year, 10, MON, 1))


def nt(calendar, year):
    calendar.add("May Day", nth(year, 5, MON, 1))
    calendar.add("King's Birthday", nth(year, 6, MON, 2))
    calendar.add("Darwin Show Day", nth(year, 7, FRI, 4))
    calendar.add("Picnic Day", nth(year, 8, MON, 1))
    calendar.add("Christmas Eve", date(year, 12, 24))
    calendar.add("New Year's Eve", date(year, 12, 31))


def qld(calendar, year):
    calendar.add("Labour Day", nth(year, 5, MON, 1))
    # The Wednesday of the show, which opens on the first Friday of August, or on the second when the first is before
    # the 5th.
    friday = nth(year, 8, FRI, 1)
    if friday.day < 5:
        friday += datetime.timedelta(days=7)
    calendar.add("Royal Queensland Show (Brisbane)", on_or_after(friday, WED))
    calendar.add("King's Birthday", nth(year, 10, MON, 1))
    calendar.add("Christmas Eve", date(year, 12, 24))


def sa(calendar, year):
    calendar.add("Adelaide Cup Day", nth(year, 3, MON, 2))
    calendar.add("King's Birthday", nth(year, 6, MON, 2))
    calendar.add("Labour Day", nth(year, 10, MON, 1))
    calendar.add("Christmas Eve", date(year, 12, 24))
    calendar.add("New Year's Eve", date(year, 12, 31))


def tas(calendar, year):
    calendar.add("Royal Hobart Regatta (south)", nth(year, 2, MON, 2))
    calendar.add("Eight Hours Day", nth(year, 3, MON, 2))
    calendar.add("King's Birthday", nth(year, 6, MON, 2))
    calendar.add("Royal Hobart Show (south)", nth(year, 10, SAT, 4) - datetime.timedelta(days=2))
    calendar.add("Recreation Day (north)", nth(year, 11, MON, 1))


def vic(calendar, year):
    calendar.add("Labour Day", nth(year, 3, MON, 2))
    calendar.add("King's Birthday", nth(year, 6, MON, 2))
    final = GRAND_FINAL_FRIDAY.get(year)
    calendar.add("Friday before the AFL Grand Final",
                 date(year, *final) if final else nth(year, 9, SAT, -1) - datetime.timedelta(days=1))
    calendar.add("Melbourne Cup Day", nth(year, 11, TUE, 1))


def wa(calendar, year):
    calendar.add("Labour Day", nth(year, 3, MON, 1))
    calendar.add("Western Australia Day", nth(year, 6, MON, 1))
    # Proclaimed each year: the last Monday of September, or the first of October when the Royal Show is then.
    calendar.add("King's Birthday", nth(year, 9, MON, -1))


STATES = {"ACT": act, "NSW": nsw, "NT": nt, "QLD": qld, "SA": sa, "TAS": tas, "VIC": vic, "WA": wa}


def calendar_of(place, year):
    if place == "US":
        return united_states(year)
    return australia(year) if place == "AU" else australian_state(place.removeprefix("AU-"), year)


def text():
    lines = [HEADER]
    for place, source in SOURCES.items():
        whole = Calendar()
        for year in range(FIRST, LAST + 1):
            for name, days in calendar_of(place, year).items():
                whole.add(name, *days)
        lines.append(f"[{place}]\nyears: {FIRST}-{LAST}\nsource: {source}\n")
        for name, days in whole.items():
            lines.append(f"{name}: {' '.join(day.isoformat() for day in sorted(days))}\n")
        lines.append("\n")
    return "".join(lines).rstrip("\n") + "\n"


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--check", action="store_true", help="compare instead of writing")
    if not arguments.parse_args().check:
        DATA_FILE.write_text(text(), encoding="utf-8")
        print(f"wrote {DATA_FILE}")
    elif DATA_FILE.read_text(encoding="utf-8") != text():
        print(f"{DATA_FILE} is stale: run this script without --check", file=sys.stderr)
        sys.exit(1)
    else:
        print(f"{DATA_FILE} is current")


if __name__ == "__main__":
    main()
