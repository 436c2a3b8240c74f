#!/usr/bin/env python3
"""Makes Data/number_time_zones.txt: which time zones a phone number can be in, by prefix, for the whole world.

The facts are those of Google's libphonenumber (resources/timezones/map_data.txt), read from the PyPI package
`phonenumbers` that carries them. The C++ edition of libphonenumber has no time zones, hence this file.

    python3 -m venv venv && venv/bin/pip install phonenumbers==9.0.43
    venv/bin/python Shared/Telephony/Generator/number_time_zones.py            # writes the file
    venv/bin/python Shared/Telephony/Generator/number_time_zones.py --check    # fails if it would change

The same package gives the same bytes: the date in the header is that of the package's build.
"""

import argparse
import collections
import importlib.metadata
import pathlib
import sys

DATA_FILE = pathlib.Path(__file__).resolve().parent.parent / "Data" / "number_time_zones.txt"
VERSION = "9.0.43"
RELEASED = "built 2026-11-06"
UNKNOWN = "Etc/Unknown"

# Names that tzdata keeps in its file `backward` alone, which a system may not have installed, and their successors.
RENAMED = {
    "Africa/Asmera": "Africa/Asmara",
    "America/Buenos_Aires": "America/Argentina/Buenos_Aires",
    "America/Godthab": "America/Nuuk",
    "Asia/Calcutta": "Asia/Kolkata",
    "Asia/Choibalsan": "Asia/Ulaanbaatar",
    "Asia/Katmandu": "Asia/Kathmandu",
    "Asia/Rangoon": "Asia/Yangon",
    "Atlantic/Faeroe": "Atlantic/Faroe",
    "Pacific/Enderbury": "Pacific/Kanton",
    "Pacific/Ponape": "Pacific/Pohnpei",
    "Pacific/Truk": "Pacific/Chuuk",
}

HEADER = f"""\
# The time zones that phone numbers can be in, by prefix of the E.164 digits; the longest match decides.
# A line: the zones (IANA names), a colon, the prefixes. Made by Shared/Telephony/Generator/number_time_zones.py.
# Source: PyPI phonenumbers {VERSION} ({RELEASED}), a port of libphonenumber's resources/timezones/map_data.txt.
# Copyright the Libphonenumber Authors, Apache License 2.0. Facts only: regrouped by zone, old zone names renewed.
"""


def current(zones):
    """The zones by their names of today, sorted, without the one that means "unknown"."""
    return tuple(sorted({RENAMED.get(zone, zone) for zone in zones} - {UNKNOWN}))


def table(data):
    """The file's text for a mapping of prefix to a tuple of zones."""
    prefixes_of = collections.defaultdict(list)
    for prefix, zones in data.items():
        known = current(zones)
        if not known:
            continue
        if not prefix.isdigit() or prefix.startswith("0") or len(prefix) > 9:
            raise SystemExit(f"prefix {prefix!r} does not fit the table")
        prefixes_of[known].append(prefix)
    lines = []
    for zones, prefixes in prefixes_of.items():
        lines.append(f"{' '.join(zones)}: {' '.join(sorted(prefixes))}")
    return HEADER + "\n".join(sorted(lines)) + "\n"


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--check", action="store_true", help="compare instead of writing")
    check = arguments.parse_args().check

    installed = importlib.metadata.version("phonenumbers")
    if installed != VERSION:
        raise SystemExit(f"phonenumbers {installed} is installed, this script describes {VERSION}: "
                         "install that, or change VERSION and RELEASED")
    from phonenumbers.tzdata import TIMEZONE_DATA

    text = table(TIMEZONE_DATA)
    if not check:
        DATA_FILE.write_text(text, encoding="ascii")
        print(f"wrote {DATA_FILE} ({len(text)} bytes)")
    elif not DATA_FILE.exists() or DATA_FILE.read_text(encoding="ascii") != text:
        print(f"{DATA_FILE} is not what {VERSION} gives: run this script without --check", file=sys.stderr)
        sys.exit(1)
    else:
        print(f"{DATA_FILE} is current")


if __name__ == "__main__":
    main()
