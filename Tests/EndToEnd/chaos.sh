#!/usr/bin/env bash
# Three dialers and two bridges, killed and paused at random against a phone network that misbehaves: README.md has what is
# checked. Needs a release build (RINGMASTER_BIN names another folder).
#
#   Tests/EndToEnd/chaos.sh --seconds 600 --seed 1
. "$(dirname "${BASH_SOURCE[0]}")/../../deploy/lib.sh"
exec python3 -u Tests/EndToEnd/Chaos/chaos.py "$@"
