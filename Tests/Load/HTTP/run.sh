#!/usr/bin/env bash
# Measures the HTTP server and the WebSocket relay against their floors in C on nng, in turn, on this machine.
#
#   run.sh [SECONDS [ROUNDS]]
#
# The program measured has CPU 1, wrk or the two ends of the relay have CPU 0. Prints one line per run, then the medians
# and the ratio of Swift to the floor. Needs wrk, gcc, libnng-dev, libssl-dev, python3. The Swift side is built for release
# unless BIN names a folder with http-benchmark. CONNECTIONS and CALLS choose the loads.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
here=$ROOT/Tests/Load/HTTP
seconds=${1:-4} rounds=${2:-3}

release http-benchmark
program=$BIN/http-benchmark
for floor in http relay ends; do
  gcc -O2 -D_GNU_SOURCE -o "$scratch/$floor" "$here/Floor/$floor.c" -lnng -lcrypto
done

port=$((20000 + RANDOM % 10000))
start() { # start COMMAND...: on CPU 1; waits until it listens
  local listening
  listening=$(printf ':%04X 00000000:0000 0A' "$port")
  taskset -c 1 "$@" >"$scratch/log" 2>&1 &
  running=$!
  for _ in $(seq 100); do
    if grep -q "$listening" /proc/net/tcp; then return; fi
    kill -0 "$running" 2>/dev/null || { cat "$scratch/log" >&2; exit 1; }
    python3 -c 'import time; time.sleep(0.05)'
  done
  echo "nothing listens on $port" >&2; exit 1
}
stop() { kill -9 "$running"; wait "$running" 2>/dev/null || true; running=; }
cpu() { awk '{print $14 + $15}' "/proc/$running/stat"; } # in 1/100 s

measure_http() { # measure_http NAME METHOD CONNECTIONS
  local before after script=()
  [ "$2" = GET ] || script=(-s "$here/post.lua")
  before=$(cpu)
  taskset -c 0 wrk -t1 -c"$3" -d"${seconds}s" --latency "${script[@]}" "http://127.0.0.1:$port/hook" >"$scratch/wrk"
  after=$(cpu)
  if grep -E 'Non-2xx|Socket errors' "$scratch/wrk" >&2; then exit 1; fi
  python3 - "$1" "$2" "$3" "$scratch/wrk" $((after - before)) <<'P'
import re, sys
name, method, connections, path, ticks = sys.argv[1:]
text = open(path).read()
def ms(label):
    value, unit = re.search(rf"{label}%\s+([\d.]+)(us|ms|s)", text).groups()
    return float(value) * {"us": 0.001, "ms": 1, "s": 1000}[unit]
count = int(re.search(r"(\d+) requests in", text)[1])
rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1])
print(f"{method},{connections},{name},{rate:.0f},{ms(50):.2f},{ms(99):.2f},{int(ticks) * 10_000 / count:.1f}", flush=True)
P
}

measure_relay() { # measure_relay NAME CALLS COMMAND...
  local name=$1 calls=$2
  shift 2
  start "$@" "$port" $((port + 1))
  taskset -c 0 "$scratch/ends" "$calls" "$seconds" "$port" $((port + 1)) "$running" >"$scratch/ends.out"
  sed -E "s/^calls ([0-9]+)  frames\/s up ([0-9]+).*CPU ([0-9.]+) ms.*up p50 ([0-9.]+) p99 ([0-9.]+).*/RELAY,\1,$name,\2,\4,\5,\3/" "$scratch/ends.out"
  stop
  port=$((port + 2))
}

for _ in $(seq "$rounds"); do
  for side in floor swift; do
    if [ $side = floor ]; then start "$scratch/http" "$port"; else start "$program" serve "$port"; fi
    for method in GET POST; do
      for connections in ${CONNECTIONS:-1 32 128}; do measure_http $side $method "$connections"; done
    done
    stop
    port=$((port + 1))
  done
  for calls in ${CALLS:-100 400}; do
    measure_relay floor "$calls" "$scratch/relay"
    measure_relay swift "$calls" "$program" relay
  done
done | tee "$scratch/results"

python3 - "$scratch/results" <<'P'
import statistics, sys
runs = {}
for line in open(sys.argv[1]):
    what, load, name, *numbers = line.strip().split(",")
    runs.setdefault((what, int(load)), {}).setdefault(name, []).append([float(n) for n in numbers])
print()
print("| what | load | | per second | p50 ms | p99 ms | CPU |")
print("|---|---|---|---|---|---|---|")
for (what, load), sides in runs.items():
    medians = {name: [statistics.median(c) for c in zip(*rows)] for name, rows in sides.items()}
    for name, (rate, p50, p99, cpu) in medians.items():
        unit = "ms per call-second" if what == "RELAY" else "µs"
        print(f"| {what} | {load} | {name} | {rate:.0f} | {p50:.2f} | {p99:.2f} | {cpu:.1f} {unit} |")
    floor, swift = medians["floor"], medians["swift"]
    print(f"| | | **ratio** | **{swift[0] / floor[0]:.2f}** | {swift[1] / floor[1]:.2f} | {swift[2] / floor[2]:.2f} "
          f"| {swift[3] / floor[3]:.2f} |")
P
