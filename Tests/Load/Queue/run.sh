#!/usr/bin/env bash
# Measures the dialer's queue on a private durable Postgres, beside the least that such a queue can be (Floor, driven by
# pgbench) and, once, beside the queues that people pick otherwise, in turn, on this machine.
#
#   run.sh [SECONDS [ROUNDS [BIG]]]      BIG leads in the large backlogs (default 1000000; the issue's figure is 10000000)
#
# One turn is: claim 100 due leads, then their outcomes, half of them to be tried again in an hour. Ours writes a permit
# with evidence, counters and the events that other services read; the floor writes three bare rows a lead, the duty floor
# as many rows, keys and bytes as ours. Builds for release unless BIN names a folder with queue-benchmark.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
here=$ROOT/Tests/Load/Queue
seconds=${1:-5} rounds=${2:-3} big=${3:-1000000} batch=100

release queue-benchmark
program=$BIN/queue-benchmark
install_packages redis-server >&2
start_postgres
peer_python() { # peer_python NAME PACKAGE...: each peer in an environment of its own, since they want different versions
  local name=$1
  shift
  python3 -m venv "$scratch/$name" && "$scratch/$name/bin/pip" install --quiet --disable-pip-version-check "$@" >&2
}
peer_python pgqueuer pgqueuer 'psycopg[binary,pool]' asyncpg
peer_python procrastinate procrastinate 'psycopg[binary,pool]'
peer_python arq arq
peer_python dramatiq 'dramatiq[redis]'
peer_python celery 'celery[redis]'
peer_python bullmq bullmq

sql() { "$tools/psql" -q "$url" "$@"; }
ours() { # ours NAME CAMPAIGNS LEADS [later|long|held]: fills, then runs; one line. Held and long: for 25 s
  local connections= span=$seconds
  (($2 == 1)) || connections=" ($2)"
  "$program" "$url" fill "$2" "$3" "$([ "${4:-}" != later ] || echo later)"
  case ${4:-} in long | held) span=25 ;; esac
  [ "${4:-}" != held ] || hold
  printf '%s,ours%s,%s\n' "$1" "$connections" "$("$program" "$url" run "$2" "$span" $batch "$server")"
  [ "${4:-}" != held ] || let_go
}
floor() { # floor NAME LEADS WHICH [CONNECTIONS]: "" bare, "duty_" with all that ours writes
  sql -v leads="$2" -f "$here/Floor/$3schema.sql" >/dev/null 2>&1
  "$tools/pgbench" "$url" -n -M prepared -f "$here/Floor/$3turn.sql" -D batch=$batch -c "${4:-1}" -T "$seconds" -l --log-prefix="$scratch/turns" >"$scratch/floor" 2>&1
  python3 - "$1,${3:+duty }floor${4:+ ($4)}" "$scratch" $batch "$seconds" <<'P'
import glob, sys
name, scratch, batch, seconds = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
turns = []
for file in glob.glob(scratch + "/turns.*"):
    turns += [int(line.split()[2]) / 1000 for line in open(file)]
turns.sort()
print(f"{name},{len(turns) * batch / seconds},{turns[len(turns) // 2]},{turns[len(turns) * 99 // 100]},0,0")
P
  rm -f "$scratch"/turns.*
}
peer() { # peer NAME PLACE LEADS [again|retry|"" [WORKERS]]: jobs that do nothing
  PEER_LEADS=$3 PEER_WORKERS=${5:-1} "$scratch/$1/bin/python" "$here/Peer/$1_peer.py" "$2" "$seconds" $batch ${4:-} \
    2>"$scratch/$1.log" |
    sed "s/^/small,$1${4:+ ($4)}${5:+ ($5)},/" || {
    tail -n 5 "$scratch/$1.log" >&2
    die "$1 did not run"
  }
}
redis_peers() { # Redis writes its log down once a second, as its users have it.
  local port
  port=$(free_port)
  (cd "$scratch" && exec redis-server --port "$port" --bind 127.0.0.1 --appendonly yes --appendfsync everysec --save '' >redis.log 2>&1) &
  running=$!
  until redis-cli -p "$port" ping >/dev/null 2>&1; do sleep 0.1; done
  for name in dramatiq celery arq bullmq; do
    redis-cli -p "$port" flushall >/dev/null
    peer "$name" "$port" 20000
  done
  kill $running && wait $running 2>/dev/null || true
  running=
}
hold() { # A session that holds a snapshot until `let_go`.
  sql -c 'begin isolation level repeatable read' -c 'select 1' -c 'select pg_sleep(600)' >/dev/null 2>&1 &
  running=$!
  until [ "$(sql -Atc "select count(*) from pg_stat_activity where query = 'select pg_sleep(600)'")" = 1 ]; do sleep 0.1; done
}
let_go() {
  kill $running 2>/dev/null || true; wait $running 2>/dev/null || true
  running=
  sql -c "select pg_terminate_backend(pid) from pg_stat_activity where query = 'select pg_sleep(600)'" >/dev/null
}

{
  peer procrastinate "$url" 20000
  redis_peers
} >"$scratch/peers"
cat "$scratch/peers"
for _ in $(seq "$rounds"); do
  floor small 3000000 ""; floor small 400000 duty_; ours small 1 300000
  floor small 700000 duty_ 2; ours small 2 150000
  floor small 800000 duty_ 4; ours small 4 80000
  peer pgqueuer "$url" 120000 retry
  for retries in "" again; do
    peer pgqueuer "$url" 120000 "$retries"; peer pgqueuer "$url" 200000 "$retries" 2; peer pgqueuer "$url" 200000 "$retries" 4
  done
  ours big 1 "$big"
  ours later 1 "$big" later
  ours long 1 "$big" long
  ours held 1 "$big" held
done | tee "$scratch/results"

cat "$scratch/peers" >>"$scratch/results"
python3 - "$scratch/results" <<'P'
import statistics, sys
runs = {}
for line in open(sys.argv[1]):
    what, side, *numbers = line.strip().split(",")
    runs.setdefault((what, side), []).append([float(n) for n in numbers])
print("\n| backlog | queue | leads a second | turn p50 ms | p99 ms | client CPU µs a lead | server CPU µs a lead | to ours, small |")
print("|---|---|---|---|---|---|---|---|")
base = statistics.median(row[0] for row in runs[("small", "ours")])
for (what, side), rows in runs.items():
    rate, p50, p99, own, server = [statistics.median(column) for column in zip(*rows)]
    cpu = f"{own:.1f} | {server:.1f}" if own or server else " | "
    print(f"| {what} | {side} | {rate:.0f} | {p50:.2f} | {p99:.2f} | {cpu} | {rate / base:.2f} |")
P
