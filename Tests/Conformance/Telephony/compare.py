#!/usr/bin/env python3
"""Compares the Telephony module with Python's libraries, question by question; run.sh calls it.

Numbers: examples of every type and region, written in several ways, and random damage to them. Validity, region, type
and the kind of error are compared with PyPI phonenumbers 8.12.57, which has the numbering plans of Debian's C++
library; time zones with the release that Data/number_time_zones.txt was made from.

Windows, laws and public holidays: see windows.py.

Zones: every zone of the system, around every change of its clock from 2025 to 2036 and at random times from 1970 to
2200, compared with Python's zoneinfo, which reads the same files.
"""

import argparse
import collections
import datetime
import importlib
import pathlib
import random
import subprocess
import sys
import zoneinfo

import windows

ROOT = pathlib.Path(__file__).resolve().parents[3]
UTC = datetime.timezone.utc
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=UTC)
# Files beside the zones, and the zone that means "nobody set one".
NO_ZONES = {"Factory", "localtime"}


def load_phonenumbers(folder):
    """Imports one of several releases of the package; its modules stay usable when the next is imported."""
    for name in [name for name in sys.modules if name.split(".")[0] == "phonenumbers"]:
        del sys.modules[name]
    sys.path.insert(0, folder)
    library = importlib.import_module("phonenumbers")
    library.PhoneMetadata.load_all()
    timezone = importlib.import_module("phonenumbers.timezone")
    sys.path.pop(0)
    return library, timezone


class Numbers:
    def __init__(self, plans_folder, zones_folder):
        self.plans, _ = load_phonenumbers(plans_folder)
        newer, self.timezone = load_phonenumbers(zones_folder)
        sys.path.insert(0, str(ROOT / "Shared/Telephony/Generator"))
        generator = importlib.import_module("number_time_zones")
        if newer.__version__ != generator.VERSION:
            raise SystemExit(f"run.sh installs phonenumbers {newer.__version__}, the data is of {generator.VERSION}")
        self.current = generator.current
        plans = self.plans
        kinds = plans.PhoneNumberType
        self.type_names = {
            kinds.FIXED_LINE: "fixed_line", kinds.MOBILE: "mobile",
            kinds.FIXED_LINE_OR_MOBILE: "fixed_line_or_mobile", kinds.TOLL_FREE: "toll_free",
            kinds.PREMIUM_RATE: "premium_rate", kinds.SHARED_COST: "shared_cost", kinds.VOIP: "voip",
            kinds.PERSONAL_NUMBER: "personal_number", kinds.PAGER: "pager", kinds.UAN: "company_wide",
            kinds.VOICEMAIL: "voicemail_access", kinds.UNKNOWN: "unknown",
        }
        result = plans.ValidationResult
        self.impossible = {
            result.INVALID_COUNTRY_CODE: "unknown_country_code", result.TOO_SHORT: "too_short",
            result.TOO_LONG: "too_long", result.INVALID_LENGTH: "wrong_length",
            result.IS_POSSIBLE_LOCAL_ONLY: "no_area_code",
        }

    def questions(self, generator, damaged_per_region):
        """Pairs of region ("-" for none) and text."""
        plans = self.plans
        formats = plans.PhoneNumberFormat
        asked = []
        for region in sorted(plans.SUPPORTED_REGIONS):
            examples = [plans.example_number_for_type(region, kind) for kind in self.type_names]
            examples = [number for number in examples if number is not None]
            for number in examples:
                asked.append((region, plans.format_number(number, formats.NATIONAL)))
                asked.append(("-", plans.format_number(number, formats.INTERNATIONAL)))
                asked.append(("-", plans.format_number(number, formats.NATIONAL)))
                asked.append(("US" if region != "US" else "AU", plans.format_number(number, formats.E164)))
            for _ in range(damaged_per_region):
                asked.append((region, self.damaged(generator, generator.choice(examples))))
        for code in sorted(plans.COUNTRY_CODES_FOR_NON_GEO_REGIONS):
            number = plans.example_number_for_non_geo_entity(code)
            asked += [("-", plans.format_number(number, formats.E164))]
            asked += [("US", self.damaged(generator, number)) for _ in range(damaged_per_region)]
        return asked

    def damaged(self, generator, number):
        """A number with other digits behind its first ones, sometimes with more or fewer, or in another format."""
        text = self.plans.format_number(number, generator.choice([0, 1, 2]))
        places = [place for place, character in enumerate(text) if character.isdigit()]
        characters = list(text)
        for place in generator.sample(places, min(len(places), generator.choice([1, 1, 2, 4, 7]))):
            characters[place] = generator.choice("0123456789")
        text = "".join(characters)
        how = generator.randrange(8)
        if how == 0:
            text = text[:-1]
        elif how == 1:
            text += generator.choice("0123456789")
        elif how == 2:
            text += generator.choice([" ext. 5", "x12", ";ext=7"])
        return text

    def expected(self, region, text):
        plans = self.plans
        errors = plans.NumberParseException
        try:
            number = plans.parse(text, None if region == "-" else region)
        except errors as error:
            with_plus = text.lstrip(" (").startswith("+")
            missing = "unknown_country_code" if with_plus or region != "-" else "no_country_code"
            kind = {
                errors.INVALID_COUNTRY_CODE: missing, errors.NOT_A_NUMBER: "not_a_number",
                errors.TOO_SHORT_AFTER_IDD: "too_short", errors.TOO_SHORT_NSN: "too_short",
                errors.TOO_LONG: "too_long",
            }[error.error_type]
            return f"error\t{kind}"
        possible = plans.is_possible_number_with_reason(number)
        if possible != plans.ValidationResult.IS_POSSIBLE:
            return f"error\t{self.impossible[possible]}"
        if not plans.is_valid_number(number):
            return "error\tnot_in_use"
        if number.extension:
            return "error\thas_extension"
        kind = plans.number_type(number)
        if kind == plans.PhoneNumberType.UNKNOWN:
            zones = ()
        elif plans.is_number_type_geographical(kind, number.country_code):
            zones = self.timezone.time_zones_for_geographical_number(number)
        else:
            zones = self.timezone._country_level_time_zones_for_number(number)
        e164 = plans.format_number(number, plans.PhoneNumberFormat.E164)
        where = plans.region_code_for_number(number)
        return f"ok\t{e164}\t{where}\t{self.type_names[kind]}\t{','.join(self.current(zones))}"


def offset(zone, seconds):
    moment = EPOCH + datetime.timedelta(seconds=seconds)
    return int(moment.astimezone(zone).utcoffset().total_seconds())


def edges(zone, first, last):
    """Every second from first to last at which the offset is not that of the second before."""
    found = []
    step = 43_200
    before = offset(zone, first)
    for seconds in range(first, last, step):
        after = offset(zone, seconds + step)
        if after == before:
            continue
        low, high = seconds, seconds + step
        while high - low > 1:
            middle = (low + high) // 2
            if offset(zone, middle) == before:
                low = middle
            else:
                high = middle
        found.append(high)
        before = after
    return found


def expected_local(zone, seconds):
    moment = (EPOCH + datetime.timedelta(seconds=seconds)).astimezone(zone)
    return f"{int(moment.utcoffset().total_seconds())}\t{moment.replace(tzinfo=None).isoformat()}"


def expected_instants(zone, local_seconds):
    naive = (EPOCH + datetime.timedelta(seconds=local_seconds)).replace(tzinfo=None)
    found = set()
    for fold in (0, 1):
        utc = naive.replace(tzinfo=zone, fold=fold).astimezone(UTC)
        if utc.astimezone(zone).replace(tzinfo=None) == naive:
            found.add(int((utc - EPOCH).total_seconds()))
    return "\t".join(str(seconds) for seconds in sorted(found))


def zone_questions(generator, random_per_zone):
    """Questions and their answers."""
    first = int(datetime.datetime(2025, 1, 1, tzinfo=UTC).timestamp())
    last = int(datetime.datetime(2037, 1, 1, tzinfo=UTC).timestamp())
    edge_count = 0
    asked = []
    for name in sorted(zoneinfo.available_timezones()):
        asked.append((f"zone\t{name}", "unknown" if name in NO_ZONES else "known"))
        if name in NO_ZONES:
            continue
        zone = zoneinfo.ZoneInfo(name)
        changes = edges(zone, first, last)
        edge_count += len(changes)
        previous = first
        for edge in changes:
            asked.append((f"next\t{name}\t{previous}", str(edge)))
            asked.append((f"next\t{name}\t{edge - 1}", str(edge)))
            previous = edge
            for seconds in (edge - 3_600, edge - 1, edge, edge + 1, edge + 3_600):
                asked.append((f"local\t{name}\t{seconds}", expected_local(zone, seconds)))
                for shown in {seconds + offset(zone, edge - 1), seconds + offset(zone, edge)}:
                    asked.append((f"instants\t{name}\t{shown}", expected_instants(zone, shown)))
        for _ in range(random_per_zone):
            seconds = generator.randrange(0, 7_258_118_400)
            asked.append((f"local\t{name}\t{seconds}", expected_local(zone, seconds)))
            asked.append((f"instants\t{name}\t{seconds}", expected_instants(zone, seconds)))
    return asked, edge_count


def ask(program, questions):
    answers = subprocess.run(
        [program], input="".join(question + "\n" for question in questions), text=True, check=True,
        stdout=subprocess.PIPE).stdout.splitlines()
    if len(answers) != len(questions):
        raise SystemExit(f"{len(questions)} questions, {len(answers)} answers")
    return answers


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--swift", required=True, help="the program telephony-conformance")
    parser.add_argument("--plans", required=True, help="folder with phonenumbers 8.12.57")
    parser.add_argument("--zones", required=True, help="folder with the phonenumbers release of the zone data")
    parser.add_argument("--holidays", required=True, help="folder with the package holidays")
    parser.add_argument("--laws", type=int, default=20_000, help="random instants to hold against the laws")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--damaged", type=int, default=40, help="damaged numbers a region")
    parser.add_argument("--random", type=int, default=50, help="random times a zone")
    arguments = parser.parse_args()
    generator = random.Random(arguments.seed)

    numbers = Numbers(arguments.plans, arguments.zones)
    asked = [
        (f"number\t{region}\t{text}", numbers.expected(region, text))
        for region, text in numbers.questions(generator, arguments.damaged)
    ]
    verdicts = collections.Counter(answer.split("\t")[0 if answer.startswith("ok") else 1] for _, answer in asked)
    print(f"{len(asked)} numbers: {', '.join(f'{count} {kind}' for kind, count in verdicts.most_common())}")
    of_zones, edge_count = zone_questions(generator, arguments.random)
    print(f"{len(of_zones)} questions about zones, around {edge_count} changes of a clock")
    asked += of_zones
    sys.path.insert(0, arguments.holidays)
    holidays = importlib.import_module("holidays")
    of_windows = windows.window_questions(generator, edges)
    of_laws = windows.law_questions(generator, holidays, arguments.laws)
    of_holidays = windows.holiday_questions(holidays)
    print(f"{len(of_windows)} questions about windows around changes of a clock, {len(of_laws)} about laws, "
          f"{len(of_holidays)} about the holidays of a year")
    asked += of_windows + of_laws + of_holidays

    wrong = 0
    for (question, expected), answer in zip(asked, ask(arguments.swift, [question for question, _ in asked])):
        if answer != expected:
            wrong += 1
            if wrong <= 20:
                print(f"asked:    {question!r}\nexpected: {expected!r}\nanswered: {answer!r}", file=sys.stderr)
    print(f"compared with seed {arguments.seed}")
    print(f"{len(asked) - wrong} passed, {wrong} failed")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
