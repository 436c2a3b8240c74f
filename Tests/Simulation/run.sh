#!/usr/bin/env bash
# Builds the simulation for speed, apart from other builds, and runs it.
#
#   Tests/Simulation/run.sh [--seed N] [--calls N] [--leads N] [--lanes N] [--rates FACTOR] [--pace FACTOR]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
build=(-c release -Xswiftc -enable-testing --scratch-path .local/simulation-build)
RINGMASTER_SIMULATION=1 swift build "${build[@]}" --product simulation >&2
# The order of sets must not differ from run to run.
export SWIFT_DETERMINISTIC_HASHING=1
exec "$(RINGMASTER_SIMULATION=1 swift build "${build[@]}" --show-bin-path)/simulation" "$@"
