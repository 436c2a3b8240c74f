#!/usr/bin/env bash
# Measures the Postgres module against libpq in C, in turn, on this machine, against a durable private server.
#
#   run.sh [SECONDS [ROUNDS]]
#
# Prints one line per run, then the medians and the ratio of Swift to the floor. Needs gcc and libpq-dev. The Swift side
# is built for release unless BIN names a folder with postgres-benchmark; ADDRESS names another server, whose schema `benchmark` is made anew.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
here=$ROOT/Tests/Load/Postgres
seconds=${1:-3} rounds=${2:-5}

release postgres-benchmark
program=$BIN/postgres-benchmark
gcc -O2 -Wall -I"$(pg_config --includedir 2>/dev/null || echo /usr/include/postgresql)" \
  -o "$scratch/floor" "$here/Floor/floor.c" -lpq
[ -n "${ADDRESS:-}" ] || start_postgres
address=${ADDRESS:-$url}
"$program" "$address" script "$here/setup.sql"

measure() { # measure ARGUMENT...: the floor, then Swift
  "$scratch/floor" "$address" "$@" | sed 's/^/floor,/'
  "$program" "$address" "$@" | sed 's/^/swift,/'
}

for _ in $(seq "$rounds"); do
  measure select "$seconds"
  measure update "$seconds"
  for depth in 10 100; do
    measure pipeline-select $depth "$seconds"
    measure pipeline-update $depth "$seconds"
  done
  for side in "$scratch/floor" "$program"; do
    "$program" "$address" script "$here/empty.sql"
    if [ "$side" = "$program" ]; then name=swift; else name=floor; fi
    "$side" "$address" copy 1000000 | sed "s/^/$name,/"
  done
done | tee "$scratch/results"

python3 - "$scratch/results" <<'P'
import statistics, sys
runs = {}
for line in open(sys.argv[1]):
    side, what, *numbers = line.strip().split(",")
    runs.setdefault(what, {}).setdefault(side, []).append([float(n) for n in numbers])
print()
print("| what | | per second | p50 µs | p99 µs | client CPU µs each |")
print("|---|---|---|---|---|---|")
for what, sides in runs.items():
    medians = {side: [statistics.median(c) for c in zip(*rows)] for side, rows in sides.items()}
    for side, (rate, p50, p99, cpu) in medians.items():
        times = f"{p50:.0f} | {p99:.0f}" if what != "copy" else " | "
        print(f"| {what} | {side} | {rate:.0f} | {times} | {cpu:.2f} |")
    floor, swift = medians["floor"], medians["swift"]
    # Each round's own ratio: what else the machine did in that minute hits both sides.
    ratio = statistics.median(s[0] / f[0] for f, s in zip(sides["floor"], sides["swift"]))
    print(f"| | **ratio** | **{ratio:.2f}** | | | {swift[3] / max(floor[3], 0.01):.1f} |")
P
