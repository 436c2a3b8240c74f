#!/usr/bin/env bash
# Measures forecasts of a campaign with LEADS leads all over the United States on a private durable Postgres, and beside
# them the least that reading the leads can be: psql adding up the same rows.
#
#   run.sh [LEADS [ROUNDS]]      default 1000000 leads, 3 rounds
#
# Builds for release unless BIN names a folder with forecast-benchmark.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
leads=${1:-1000000} rounds=${2:-3}

release forecast-benchmark
program=$BIN/forecast-benchmark
start_postgres

floor() {
  local begun; begun=$(date +%s.%N)
  "$tools/psql" -qAt "$url" -c "set enable_hashjoin = off; set enable_sort = off" \
    -c "select count(*), sum(length(t.lead) + q.attempts) from dialer.queue q join dialer.task t using (tenant_id, campaign_id, lead_id)" >/dev/null
  python3 -c "import time; print(f'floor,{time.time() - $begun}')"
}
for what in fresh called; do
  if [ $what = called ]; then "$program" "$url" fill "$leads" called; else "$program" "$url" fill "$leads"; fi
  for _ in $(seq "$rounds"); do
    echo "$what,$(floor)"
    echo "$what,ours,$("$program" "$url" run)"
  done
  echo "$what,plan,$("$program" "$url" run plan)"
done | tee "$scratch/results"

python3 - "$scratch/results" <<'P'
import statistics, sys
runs = {}
for line in open(sys.argv[1]):
    what, side, *numbers = line.strip().split(",")
    runs.setdefault((what, side), []).append([float(n) for n in numbers])
print("\n| leads | reading s | foretelling s | plan s | client CPU s | most memory MB | calls foretold | days | rows added up by Postgres alone s |")
print("|---|---|---|---|---|---|---|---|---|")
for (what, side), rows in runs.items():
    if side != "ours":
        continue
    plan = runs[(what, "plan")][0][2]
    read, foretell, _, cpu, memory, calls, days, _ = [statistics.median(column) for column in zip(*rows)]
    floor = statistics.median(row[0] for row in runs[(what, "floor")])
    print(f"| {what} | {read:.1f} | {foretell:.2f} | {plan:.1f} | {cpu:.1f} | {memory:.0f} | {calls:.0f} | {days:.0f} | {floor:.1f} |")
P
