#!/usr/bin/env bash
# Builds Ringmaster, starts it whole with a private Postgres and the embedded phone network, and runs a campaign of
# 1,000 leads to its end: live progress, then outcomes, scores and costs beside the phone network's own truth. Nobody
# is called. Leaves nothing running.
#
# RINGMASTER_GATEWAY_PORT (default 8080), RINGMASTER_TIME_SCALE (default 75: an hour of business time in 48 seconds),
# RINGMASTER_PHONE_NETWORK_SEED (default 1: the same seed gives the same people).
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

step 'What is needed'
install_packages "${BUILD_PACKAGES[@]}"
need_swift
export RINGMASTER_GATEWAY_PORT=${RINGMASTER_GATEWAY_PORT:-8080}
need_port "$RINGMASTER_GATEWAY_PORT"  # Before the build rather than after it.

step 'Build (release; the first one takes several minutes)'
build_with -c release

export RINGMASTER_STACK_DIR=${RINGMASTER_STACK_DIR:-$ROOT/.local/demo}
export RINGMASTER_TIME_SCALE=${RINGMASTER_TIME_SCALE:-75}
# Business time begins on a Monday at 9:55 in New York, which is before eight on the Pacific coast: those leads wait.
export RINGMASTER_TIME_ORIGIN="2026-03-02T14:55:00Z@$(date -u +%Y-%m-%dT%H:%M:%SZ)"
RINGMASTER=$ROOT/.build/release/ringmaster
export RINGMASTER_GATEWAY_URL=http://127.0.0.1:$RINGMASTER_GATEWAY_PORT RINGMASTER_API_KEY=demo-key

step 'Start: private Postgres, phone network, eight services'
trap 'deploy/stack.sh down >/dev/null 2>&1 || true' EXIT
rm -rf "$RINGMASTER_STACK_DIR"
deploy/stack.sh up

step 'The campaign'
campaign=$("$RINGMASTER" campaigns create --file deploy/demo/campaign.json --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["campaignId"])')
"$RINGMASTER" leads upload "$campaign" deploy/demo/leads.csv
"$RINGMASTER" campaigns start "$campaign"
started=$SECONDS

step 'Calling (business time runs '"$RINGMASTER_TIME_SCALE"' times as fast)'
"$RINGMASTER" watch "$campaign"
seconds=$((SECONDS - started))

step 'What happened, beside the truth of the phone network'
deploy/demo/compare.py "$campaign" --seconds "$seconds" --gateway "$RINGMASTER_GATEWAY_URL" --key "$RINGMASTER_API_KEY" \
  --network "$(sed -n 's/^RINGMASTER_PHONE_NETWORK_LISTEN=//p' "$RINGMASTER_STACK_DIR/environment")"

step 'One conversation'
call=$("$RINGMASTER" calls list "$campaign" --outcome qualified --limit 1 --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["calls"][0]["callId"])')
"$RINGMASTER" calls show "$call"
"$RINGMASTER" transcript "$call"

step 'Stopping'
deploy/stack.sh down
trap - EXIT
note "Everything is stopped. To look around in this campaign: RINGMASTER_STACK_DIR=$RINGMASTER_STACK_DIR deploy/stack.sh up"
