#!/usr/bin/env bash
# The real executables, end to end: a campaign while each service is killed in turn, and everything tried wrong. Needs a
# release build (RINGMASTER_BIN names another folder). Closes with "N passed, N failed".
. "$(dirname "${BASH_SOURCE[0]}")/../../deploy/lib.sh"
exec python3 -u Tests/EndToEnd/end_to_end.py "$@"
