#!/usr/bin/env bash
# Compares phone numbers, their time zones and the zones' clocks with Python's libraries; see compare.py. Arguments are
# handed on to it (--seed, --damaged, ...).
#
# Needs python3 with venv and tzdata; the phonenumbers packages come from PyPI into .local. Also checks that the data
# file is what its generator makes. The Swift side is built unless TELEPHONY_CONFORMANCE names it.
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

PYTHONPATH=$venv/9.0.43 "$venv/bin/python" Shared/Telephony/Generator/number_time_zones.py --check

program=${TELEPHONY_CONFORMANCE:-}
if [ -z "$program" ]; then
  swift build --product telephony-conformance >&2
  program=$(swift build --show-bin-path)/telephony-conformance
fi
"$venv/bin/python" "$here/compare.py" --swift "$program" --plans "$venv/8.12.57" --zones "$venv/9.0.43" "$@"
