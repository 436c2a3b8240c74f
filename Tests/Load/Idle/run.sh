#!/usr/bin/env bash
# What each service holds in memory while nothing is to be done: starts the whole stack, lets it rest, and prints its
# resident memory as a table. Needs a release build (RINGMASTER_BIN names another folder). Fails above LIMIT MB.
#
#   run.sh [SECONDS [LIMIT]]     default: rests for 10 seconds, 40 MB
. "$(dirname "${BASH_SOURCE[0]}")/../../../deploy/lib.sh"
seconds=${1:-10} limit=${2:-40}

RINGMASTER_STACK_DIR=$(mktemp -d /tmp/ringmaster-idle.XXXXXX); export RINGMASTER_STACK_DIR
chmod 755 "$RINGMASTER_STACK_DIR"  # The database's own user must reach its folder.
RINGMASTER_GATEWAY_PORT=$(free_port); export RINGMASTER_GATEWAY_PORT
trap 'deploy/stack.sh down >/dev/null 2>&1 || true; rm -rf "$RINGMASTER_STACK_DIR"' EXIT
deploy/stack.sh up >&2
sleep "$seconds"

status=0
echo "| service | resident MB | of it its own | threads |"
echo "| --- | --- | --- | --- |"
for file in "$RINGMASTER_STACK_DIR"/*.pid; do
  name=$(basename "$file" .pid) process=/proc/$(cat "$file")
  awk -v name="$name" -v limit="$limit" '
    /^VmRSS:/ { resident = $2 / 1024 } /^RssAnon:/ { own = $2 / 1024 } /^Threads:/ { threads = $2 }
    END { printf "| %s | %.1f | %.1f | %d |\n", name, resident, own, threads; exit resident > limit }' \
    "$process/status" || status=1
done
[ $status -eq 0 ] || die "a service holds more than $limit MB"
