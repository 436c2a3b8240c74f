#!/usr/bin/env bash
# Compares phone numbers, their time zones, the zones' clocks, call windows, laws and public holidays with Python's
# libraries; see compare.py and windows.py. Arguments are handed on to compare.py (--seed, --damaged, ...).
#
# Needs python3 with venv and tzdata; the packages phonenumbers and holidays come from PyPI into .local. Also checks that
# the data files are what their generators make. The Swift side is built unless TELEPHONY_CONFORMANCE names it.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here/../../.."

# The numbering plans of Debian's libphonenumber, and the release that the data file describes.
venv=.local/telephony-conformance
for release in 8.12.57 9.0.43; do
  if [ ! -d "$venv/$release/phonenumbers" ]; then
    [ -x "$venv/bin/python" ] || python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --target "$venv/$release" "phonenumbers==$release"
  fi
done
if [ ! -d "$venv/holidays-0.109/holidays" ]; then
  "$venv/bin/pip" install --quiet --disable-pip-version-check --target "$venv/holidays-0.109" holidays==0.109
fi

PYTHONPATH=$venv/9.0.43 "$venv/bin/python" Shared/Telephony/Generator/number_time_zones.py --check
PYTHONPATH=$venv/9.0.43 "$venv/bin/python" Shared/Telephony/Generator/calling_places.py --check
"$venv/bin/python" Shared/Telephony/Generator/public_holidays.py --check

program=${TELEPHONY_CONFORMANCE:-}
if [ -z "$program" ]; then
  swift build --product telephony-conformance >&2
  program=$(swift build --show-bin-path)/telephony-conformance
fi
"$venv/bin/python" "$here/compare.py" --swift "$program" --plans "$venv/8.12.57" --zones "$venv/9.0.43" \
  --holidays "$venv/holidays-0.109" "$@"
