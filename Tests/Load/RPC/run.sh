#!/usr/bin/env bash
# Measures our RPC against nng's request and reply contexts in C (the floor) and gRPC C++ (the peer), in turn, on this
# machine, over Unix sockets and TCP, with both ends on one core and on any.
#
#   run.sh [SECONDS [ROUNDS]]
#
# `swift` calls from where answers arrive, as handlers do, and is held against `peer`, which does the same; `workers`
# calls from tasks of the cooperative pool and is held against `peer-workers`, which calls from a pool of threads. Prints one line per run, then the
# medians and the ratios, and ends with status 1 when a bar is missed. Installs gRPC C++ if it is missing. The Swift side
# is built for release unless BIN names a folder with rpc-benchmark. PLACES, TRANSPORTS and IN_FLIGHT choose the rows.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
here=$ROOT/Tests/Load/RPC
seconds=${1:-2} rounds=${2:-3}

install_packages "${BUILD_PACKAGES[@]}" protobuf-compiler protobuf-compiler-grpc libgrpc++-dev gcc g++ pkg-config
release rpc-benchmark
program=$BIN/rpc-benchmark

note 'building the floor and the peer'
generated=Protos/Generated/C
gcc -O2 -Wall -D_GNU_SOURCE -I$generated/include -o "$scratch/floor" "$here/Floor/floor.c" \
  $generated/ringmaster/v1/*.c $generated/google/protobuf/*.c -lnng -lprotobuf-c
protoc -IProtos --cpp_out="$scratch" --grpc_out="$scratch" --plugin=protoc-gen-grpc="$(command -v grpc_cpp_plugin)" \
  ringmaster/v1/{campaign,common,knowledge,media}.proto
g++ -O2 -std=c++17 -I"$scratch" -o "$scratch/peer" "$here/Peer/peer.cpp" "$scratch"/ringmaster/v1/*.cc \
  $(pkg-config --libs grpc++ protobuf)

number=0
measure() { # measure SIDE PLACE TRANSPORT IN_FLIGHT
  local side=$1 place=$2 transport=$3 in_flight=$4 binary=$scratch/$1 call=call address pin=() line
  case $side in
    swift) binary=$program ;;
    workers) binary=$program call=call-from-pool ;;
    peer-workers) binary=$scratch/peer call=call-from-pool ;;
  esac
  [ "$place" != one ] || pin=(taskset -c 1)
  number=$((number + 1))
  if [ "$transport" = tcp ]; then
    address=127.0.0.1:$(free_port)
    [ "$binary" = "$scratch/peer" ] || address=tcp://$address
  else
    address=ipc://$scratch/$number
    [ "$binary" != "$scratch/peer" ] || address=unix:$scratch/$number
  fi
  "${pin[@]}" "$binary" serve "$address" >"$scratch/ready" &
  running=$!
  for _ in $(seq 200); do
    [ ! -s "$scratch/ready" ] || break
    kill -0 "$running" || die "$side did not start"
    python3 -c 'import time; time.sleep(0.02)'
  done
  line=$("${pin[@]}" timeout 60 "$binary" $call "$address" "$in_flight" "$seconds" "$running") ||
    die "$side, $transport, $in_flight in flight, failed"
  echo "$place,$transport,$in_flight,$side,$line"
  kill -9 "$running"
  wait "$running" 2>/dev/null || true
  running=
  : >"$scratch/ready"
}

step "Round trips: one core or free, in flight, side, requests/s, p50 µs, p99 µs, CPU µs of client and server"
for _ in $(seq "$rounds"); do
  for place in ${PLACES:-one free}; do
    for transport in ${TRANSPORTS:-ipc tcp}; do
      for in_flight in ${IN_FLIGHT:-1 16 128}; do
        for side in floor swift workers peer peer-workers; do measure $side "$place" "$transport" "$in_flight"; done
      done
    done
  done
done | tee "$scratch/results"

python3 - "$scratch/results" <<'P'
import statistics, sys
runs = {}
for line in open(sys.argv[1]):
    place, transport, in_flight, side, *numbers = line.strip().split(",")
    runs.setdefault((place, transport, int(in_flight)), {}).setdefault(side, []).append([float(n) for n in numbers])
print("\n| cores | transport | in flight | | requests/s | p50 µs | p99 µs | CPU µs, client + server |")
print("|---|---|---|---|---|---|---|---|")
missed = []
for (place, transport, in_flight), sides in runs.items():
    medians = {side: [statistics.median(column) for column in zip(*rows)] for side, rows in sides.items()}
    for side, (rate, p50, p99, client, server) in medians.items():
        print(f"| {place} | {transport} | {in_flight} | {side} | {rate:.0f} | {p50:.0f} | {p99:.0f} "
              f"| {client:.1f} + {server:.1f} |")
    # Each round's own ratio: what else the machine did in that minute hits all sides.
    def ratio(ours, other, value):
        return statistics.median(value(s) / value(o) for s, o in zip(sides[ours], sides[other]))
    for ours, peer in (("swift", "peer"), ("workers", "peer-workers")):
        latency = ratio(ours, "floor", lambda row: row[1])
        work = {other: ratio(ours, other, lambda row: 1 / (row[3] + row[4])) for other in ("floor", "peer", peer)}
        also = f" (**{work['peer']:.2f}** of `peer`)" if peer != "peer" else ""
        print(f"| | | | **{ours}** | | **{latency:.2f}** of the floor | | requests per CPU-second: "
              f"**{work['floor']:.2f}** of the floor, **{work[peer]:.2f}** of `{peer}`{also} |")
        row = f"{place}, {transport}, {in_flight} in flight, {ours}"
        if in_flight == 1 and latency > 1.3:
            missed.append(f"{row}: p50 {latency:.2f} of the floor, at most 1.3")
        bar = {16: 1.5, 128: 3}.get(in_flight)
        if bar and work[peer] < bar:
            missed.append(f"{row}: {work[peer]:.2f} of {peer}'s requests per CPU-second, at least {bar}")
print()
print("\n".join(f"missed: {line}" for line in missed) or "all bars are met")
sys.exit(1 if missed else 0)
P
