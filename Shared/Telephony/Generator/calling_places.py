#!/usr/bin/env python3
"""Makes Data/number_places.txt (which states a number's prefix belongs to) and Data/place_zones.txt (which time zones a
country or state has).

Area codes and the zones of each US state are those of libphonenumber's geocoding and time zone data, read from the PyPI
package `phonenumbers`; see number_time_zones.py for how to install it. The zones of countries are those of zone.tab in
the system's tz database (public domain). The few lines about Australian areas are written here, after the areas of the
Telecommunications Numbering Plan 2025 (ACMA): an area that reaches over a state's border names both states.

    venv/bin/python Shared/Telephony/Generator/calling_places.py            # writes the files
    venv/bin/python Shared/Telephony/Generator/calling_places.py --check    # fails if they would change
"""

import argparse
import collections
import importlib.metadata
import pathlib
import re
import sys

from number_time_zones import RELEASED, VERSION, current

DATA = pathlib.Path(__file__).resolve().parent.parent / "Data"
ZONE_TABLE = pathlib.Path("/usr/share/zoneinfo/zone.tab")

STATES = dict(line.split(" ", 1) for line in """\
AL Alabama|AK Alaska|AZ Arizona|AR Arkansas|CA California|CO Colorado|CT Connecticut|DE Delaware
DC District of Columbia|FL Florida|GA Georgia|HI Hawaii|ID Idaho|IL Illinois|IN Indiana|IA Iowa|KS Kansas|KY Kentucky
LA Louisiana|ME Maine|MD Maryland|MA Massachusetts|MI Michigan|MN Minnesota|MS Mississippi|MO Missouri|MT Montana
NE Nebraska|NV Nevada|NH New Hampshire|NJ New Jersey|NM New Mexico|NY New York|NC North Carolina|ND North Dakota|OH Ohio
OK Oklahoma|OR Oregon|PA Pennsylvania|RI Rhode Island|SC South Carolina|SD South Dakota|TN Tennessee|TX Texas|UT Utah
VT Vermont|VA Virginia|WA Washington|WV West Virginia|WI Wisconsin|WY Wyoming""".replace("\n", "|").split("|"))
TERRITORIES = {"AS": "American Samoa", "GU": "Guam", "MP": "Northern Mariana Islands", "PR": "Puerto Rico",
               "VI": "U.S. Virgin Islands"}
OTHER_NAMES = {"Washington State": "WA", "Washington D.C.": "DC"}

AUSTRALIA = {
    "ACT": ("Australian Capital Territory", "Australia/Sydney"),
    "NSW": ("New South Wales", "Australia/Sydney Australia/Broken_Hill Australia/Lord_Howe"),
    "NT": ("Northern Territory", "Australia/Darwin"),
    "QLD": ("Queensland", "Australia/Brisbane Australia/Lindeman"),
    "SA": ("South Australia", "Australia/Adelaide"),
    "TAS": ("Tasmania", "Australia/Hobart"),
    "VIC": ("Victoria", "Australia/Melbourne"),
    "WA": ("Western Australia", "Australia/Perth Australia/Eucla"),
    "CX": ("Christmas Island", "Indian/Christmas"),
    "CC": ("Cocos (Keeling) Islands", "Indian/Cocos"),
}
# 02 reaches over the Murray to Wodonga, 03 to the New South Wales bank and the far south-east of South Australia,
# 07 to Tweed Heads, 08 to Broken Hill and the far west of Victoria; 08 9162 and 08 9164 are the islands.
AUSTRALIAN_AREAS = {
    "612": "ACT NSW VIC", "613": "NSW SA TAS VIC", "617": "NSW QLD", "618": "CC CX NSW NT SA VIC WA",
    "61879": "NT SA WA", "61889": "NT SA WA", "6186": "CC CX WA", "6189": "CC CX WA",
}

NUMBERS_HEADER = f"""\
# The states that a phone number can be at home in, by prefix of the E.164 digits; the longest match decides. A number
# without a line can be anywhere in its country. A line: the places (ISO 3166-2), a colon, the prefixes.
# Made by Shared/Telephony/Generator/calling_places.py, which says how.
# Source: PyPI phonenumbers {VERSION} ({RELEASED}), a port of libphonenumber's geocoding data. Copyright the
# Libphonenumber Authors, Apache License 2.0. Facts only. Australian areas: Telecommunications Numbering Plan, ACMA.
"""
ZONES_HEADER = """\
# The time zones of each country and of the states of those whose law differs by state. A line: ISO 3166 code and name
# (a state's only), a colon, IANA names. Made by Shared/Telephony/Generator/calling_places.py, which says how.
# Source: zone.tab of tzdata {tzdata} (public domain); for US states the zones of their area codes in PyPI phonenumbers
# {version} ({released}), copyright the Libphonenumber Authors, Apache License 2.0.
"""


def state_of(text):
    """The US state at the end of a description such as "Newark, NJ" or "New Jersey", or None."""
    if text in OTHER_NAMES:
        return OTHER_NAMES[text]
    for code, name in STATES.items():
        if text == name:
            return code
    match = re.search(r"(?:^|, )([A-Z]{2})$", text)
    return match[1] if match and match[1] in STATES else None


def area_codes(geocodes):
    """Four digits (with the 1) to the set of states that their descriptions name."""
    states = collections.defaultdict(set)
    for prefix, names in geocodes.items():
        if not prefix.startswith("1") or len(prefix) < 4 or "en" not in names:
            continue
        state = state_of(names["en"])
        if state:
            states[prefix[:4]].add(state)
    return states


def numbers_text(areas):
    prefixes = collections.defaultdict(list)
    for area, states in areas.items():
        prefixes[" ".join(sorted(f"US-{state}" for state in states))].append(area)
    for area, states in AUSTRALIAN_AREAS.items():
        prefixes[" ".join(sorted(f"AU-{state}" for state in states.split()))].append(area)
    return NUMBERS_HEADER + "".join(
        f"{places}: {' '.join(sorted(found))}\n" for places, found in sorted(prefixes.items()))


def zones_text(areas, zone_data):
    countries = collections.defaultdict(set)
    for line in ZONE_TABLE.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            fields = line.split("\t")
            countries[fields[0]].add(fields[2])
    states = collections.defaultdict(set)
    for prefix, zones in zone_data.items():
        for state in areas.get(prefix[:4], ()) if prefix.startswith("1") and len(prefix) >= 4 else ():
            states[state].update(current(zones))
    lines = []
    for country, zones in countries.items():
        if country not in TERRITORIES and country not in ("US", "AU", "CX", "CC"):
            lines.append(f"{country}: {' '.join(sorted(zones))}")
    for code, name in STATES.items():
        lines.append(f"US-{code} {name}: {' '.join(sorted(states[code]))}")
    for code, name in TERRITORIES.items():
        lines.append(f"US-{code} {name}: {' '.join(sorted(countries[code]))}")
    for code, (name, zones) in AUSTRALIA.items():
        lines.append(f"AU-{code} {name}: {zones}")
    tzdata = (ZONE_TABLE.parent / "tzdata.zi").read_text(encoding="utf-8").splitlines()[0].split()[-1]
    return ZONES_HEADER.format(tzdata=tzdata, version=VERSION, released=RELEASED) + "\n".join(sorted(lines)) + "\n"


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--check", action="store_true", help="compare instead of writing")
    check = arguments.parse_args().check
    installed = importlib.metadata.version("phonenumbers")
    if installed != VERSION:
        raise SystemExit(f"phonenumbers {installed} is installed, these files are of {VERSION}")
    from phonenumbers.geodata import GEOCODE_DATA
    from phonenumbers.tzdata import TIMEZONE_DATA

    areas = area_codes(GEOCODE_DATA)
    stale = 0
    for name, text in (("number_places.txt", numbers_text(areas)), ("place_zones.txt", zones_text(areas, TIMEZONE_DATA))):
        file = DATA / name
        if not check:
            file.write_text(text, encoding="ascii")
            print(f"wrote {file} ({len(text)} bytes)")
        elif not file.exists() or without_tzdata(file.read_text(encoding="ascii")) != without_tzdata(text):
            print(f"{file} is not what {VERSION} gives: run this script without --check", file=sys.stderr)
            stale = 1
        else:
            print(f"{file} is current")
    sys.exit(stale)


def without_tzdata(text):
    """The text without the release of the system's tzdata, which may be newer and say the same."""
    return re.sub(r"tzdata \S+", "tzdata", text)


if __name__ == "__main__":
    main()
