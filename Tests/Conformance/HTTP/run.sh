#!/usr/bin/env bash
# Other people's clients against our server, our WebSocket client against other people's server: curl, Python's
# http.client and the websockets package, with and without TLS.
#
# Needs curl, openssl and python3 with venv; the websockets package comes from PyPI into .local. The Swift side is built
# unless PROGRAM names it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../../.."

venv=.local/websockets-conformance
if ! "$venv/bin/python" -c 'import websockets as w; assert w.__version__ == "15.0.1"' 2>/dev/null; then
  python3 -m venv --clear "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check websockets==15.0.1
fi

if [ -z "${PROGRAM:-}" ]; then
  swift build --product http-conformance "$@"
  PROGRAM="$(swift build --show-bin-path "$@")/http-conformance"
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost \
  -keyout "$scratch/key.pem" -out "$scratch/certificate.pem" 2>/dev/null
"$venv/bin/python" "$here/check.py" --program "$PROGRAM" --scratch "$scratch"
