#!/usr/bin/env bash
# Builds the simulation for speed, apart from other builds, and runs it: a program for each lane, which runs one world
# after another beside a database server of its own, both on one core, since most of a run is spent passing the word
# between the two. Lane k of n takes the seeds SEED + k, SEED + k + n and so on.
#
#   Tests/Simulation/run.sh [--seed N] [--calls N] [--lanes N] [--leads N] [--rates FACTOR] [--pace FACTOR] ...
set -euo pipefail
# Each option has a value: anything else is a question.
(($# % 2 == 0)) || { sed -n '2,7s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 64; }
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
seed=1 calls=2000 lanes=$(nproc) rest=()
while (($# > 0)); do
  case $1 in
    --seed) seed=$2 ;;
    --calls) calls=$2 ;;
    --lanes) lanes=$2 ;;
    *) rest+=("$1" "$2") ;;
  esac
  shift 2
done
build=(-c release -Xswiftc -enable-testing --scratch-path .local/simulation-build)
RINGMASTER_SIMULATION=1 swift build "${build[@]}" --product simulation >&2
simulation=$(RINGMASTER_SIMULATION=1 swift build "${build[@]}" --show-bin-path)/simulation
# The order of sets must not differ from run to run.
export SWIFT_DETERMINISTIC_HASHING=1

sums=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$sums"' EXIT
for ((lane = 0; lane < lanes; lane++)); do
  taskset -c $((lane % $(nproc))) "$simulation" --seed $((seed + lane)) --every "$lanes" \
    --calls $(((calls + lanes - 1) / lanes)) "${rest[@]}" | tee "$sums/$lane" &
done
failed=0
for job in $(jobs -p); do wait "$job" || failed=1; done
((lanes == 1)) || awk '/ calls in .* worlds/ { calls += $1; worlds += $4; if ($13 > seconds) seconds = $13 }
  END { print "all lanes: " calls " calls in " worlds " worlds, " seconds " s" }' "$sums"/*
exit $failed
