#!/usr/bin/env bash
# Checks the phone network with the vendors' own software: Twilio's Python SDK places, fetches, lists and updates calls
# and accepts the signatures of the webhooks; OpenAI's Python SDK holds a Realtime session, and its types must know every
# field of every event. Closes with "N passed, M failed".
#
# Needs python3 with venv; the SDKs come from PyPI into .local. The executable is built unless PHONE_NETWORK names it.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here/../../.."

venv=.local/phone-network-conformance
sdks=(twilio==9.13.0 'openai[realtime]==3.52.0')
if [ "$(cat "$venv/sdks" 2>/dev/null)" != "${sdks[*]}" ]; then
  python3 -m venv --clear "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check "${sdks[@]}"
  echo "${sdks[*]}" >"$venv/sdks"
fi

program=${PHONE_NETWORK:-}
if [ -z "$program" ]; then
  swift build --product phone-network >&2
  program=$(swift build --show-bin-path)/phone-network
fi

exec "$venv/bin/python" "$here/conformance.py" "$program"
