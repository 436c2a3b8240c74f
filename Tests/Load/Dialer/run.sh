#!/usr/bin/env bash
# Drives auto-dialer on a private durable Postgres as the rest of Ringmaster would: every kind of limit and list is there,
# every check is on. Prints a table.
#
#   run.sh [LEADS [RATE [SECONDS]]]     LEADS due at once, then RATE calls a second asked for, for SECONDS
#
# Builds for release unless BIN names a folder with auto-dialer and dialer-load.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
leads=${1:-60000} rate=${2:-1250} seconds=${3:-30}

release auto-dialer dialer-load
start_postgres
around=ipc://$scratch/around.ipc
real=$(date +%s)
business=1772463600 # Monday, 10:00 in New York.

RINGMASTER_DATABASE_URL=$url RINGMASTER_RPC_LISTEN=ipc://$scratch/dialer.ipc RINGMASTER_LOG_LEVEL=warning \
  RINGMASTER_OPS_LISTEN=http://127.0.0.1:0 RINGMASTER_TIME_ORIGIN=$(date -u -d "@$business" +%FT%TZ)@$(date -u -d "@$real" +%FT%TZ) \
  RINGMASTER_CAMPAIGN_EXECUTOR_ENDPOINTS=$around RINGMASTER_OUTCOME_TRACKER_ENDPOINTS=$around \
  RINGMASTER_MEDIA_BRIDGE_ENDPOINTS=$around RINGMASTER_KB_GENERATOR_ENDPOINTS=$around \
  "$BIN/auto-dialer" >"$scratch/log" 2>&1 &
running=$!
echo "| | |"
echo "| --- | --- |"
stdbuf -oL "$BIN/dialer-load" "$around" "ipc://$scratch/dialer.ipc" "$url" $business "$real" "$leads" "$rate" "$seconds" || {
  tail -n 5 "$scratch/log" >&2
  exit 1
}
ticks=$(awk '{print $14 + $15}' "/proc/$running/stat")
echo "| auto-dialer's processor time in all, s | $((ticks / 100)) |"
