#!/usr/bin/env bash
# Measures what a call costs the bridge: media-bridge on CPU 1 with a private Postgres, both far ends on CPU 0.
#
#   run.sh [SECONDS [CALLS...]]     default: 10 seconds at 10, 100, 200 and 400 calls
#
# Every call carries 50 frames a second each way, and an acknowledged mark every 200 ms. Builds for release unless BIN
# names a folder with media-bridge and media-bridge-ends.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
seconds=${1:-10}
[ $# -eq 0 ] || shift
[ $# -gt 0 ] || set -- 10 100 200 400

release media-bridge media-bridge-ends
start_postgres --fast

for calls in "$@"; do
  port=$((20000 + RANDOM % 10000))
  RINGMASTER_DATABASE_URL=$url RINGMASTER_RPC_LISTEN=ipc://$scratch/bridge.ipc \
    RINGMASTER_OPS_LISTEN=http://127.0.0.1:$((port + 2)) RINGMASTER_LOG_LEVEL=error \
    RINGMASTER_MEDIA_BRIDGE_LISTEN=http://127.0.0.1:$port RINGMASTER_MEDIA_BRIDGE_PUBLIC_URL=http://127.0.0.1:$port \
    RINGMASTER_TWILIO_URL=http://127.0.0.1:$((port + 1)) RINGMASTER_TWILIO_ACCOUNT_SID=AC00000000000000000000000000000001 \
    RINGMASTER_TWILIO_AUTH_TOKEN=12345678901234567890123456789012 RINGMASTER_MEDIA_BRIDGE_MAX_CALLS=2000 \
    RINGMASTER_OPENAI_REALTIME_URL=ws://127.0.0.1:$((port + 1))/v1/realtime RINGMASTER_OPENAI_API_KEY=key \
    taskset -c 1 "$BIN/media-bridge" >"$scratch/log" 2>&1 &
  running=$!
  for _ in $(seq 200); do
    curl -fsS -o /dev/null "http://127.0.0.1:$((port + 2))/ready" 2>/dev/null && break
    kill -0 "$running" 2>/dev/null || { cat "$scratch/log" >&2; exit 1; }
    sleep 0.05
  done
  idle=$(awk '{print int($2 * 4096 / 1048576)}' "/proc/$running/statm")
  taskset -c 0 "$BIN/media-bridge-ends" "ipc://$scratch/bridge.ipc" "http://127.0.0.1:$port" "$running" $((port + 1)) "$calls" "$seconds"
  echo "  idle resident MB $idle"
  kill -9 "$running"; wait "$running" 2>/dev/null || true; running=
done
