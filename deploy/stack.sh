#!/usr/bin/env bash
# Runs the whole of Ringmaster on this machine: a private Postgres, the embedded phone network, every service.
#
#   deploy/stack.sh up        start it (builds nothing); prints where the gateway listens
#   deploy/stack.sh down      stop everything that `up` started
#   deploy/stack.sh status    one line a service
#   deploy/stack.sh start|kill SERVICE    one service (kill is kill -9: the tests use it)
#
# RINGMASTER_STACK_DIR (default .local/stack) holds logs, sockets and the database; several stacks can run beside
# each other with different folders. RINGMASTER_GATEWAY_PORT (default 8080), RINGMASTER_TIME_SCALE (default 1),
# RINGMASTER_TIME_ORIGIN and RINGMASTER_PHONE_NETWORK_SEED are passed on.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

STACK=${RINGMASTER_STACK_DIR:-$ROOT/.local/stack}
case "$STACK" in /*) ;; *) STACK=$ROOT/$STACK ;; esac
BIN=${RINGMASTER_BIN:-$ROOT/.build/release}
SERVICES=(phone-network campaign-executor auto-dialer outcome-tracker qualification-scorer kb-generator media-bridge follow-up gateway)

# Sockets live in a short path: a Unix socket's name may have 107 bytes.
sockets() { cat "$STACK/sockets"; }
endpoint() { echo "ipc://$(sockets)/$1.ipc"; }

alive() { [ -f "$STACK/$1.pid" ] && kill -0 "$(cat "$STACK/$1.pid")" 2>/dev/null; }

start_service() {
  local name=$1
  [ -x "$BIN/$name" ] || die "$BIN/$name is not built" "Run: swift build -c release"
  # A signal that comes while the program is still being loaded would kill it: held back, it is taken a moment later.
  # shellcheck disable=SC1091
  ( set -a; . "$STACK/environment"; set +a
    RINGMASTER_RPC_LISTEN=$(endpoint "$name") RINGMASTER_OPS_LISTEN="http://127.0.0.1:$(cat "$STACK/$name.ops-port")" \
      exec env --block-signal=TERM,INT setsid "$BIN/$name" >>"$STACK/$name.log" 2>&1 </dev/null ) &
  echo $! >"$STACK/$name.pid"
}

# wait_ready NAME: its own word that it is ready, or the end of its log when it died.
wait_ready() {
  local name=$1 i
  for i in $(seq 1 300); do
    alive "$name" || { tail -n 8 "$STACK/$name.log" >&2; die "$name ended while starting (its log: $STACK/$name.log)"; }
    curl -fsS -o /dev/null "http://127.0.0.1:$(cat "$STACK/$name.ops-port")/ready" 2>/dev/null && return 0
    sleep 0.1
  done
  curl -sS "http://127.0.0.1:$(cat "$STACK/$name.ops-port")/ready" >&2 || true
  die "$name is not ready after 30 s (its log: $STACK/$name.log)"
}

up() {
  local name running=()
  for name in "${SERVICES[@]}"; do alive "$name" && running+=("$name"); done
  [ ${#running[@]} -eq 0 ] || die "already running in $STACK: ${running[*]}" "Stop it first: ${RINGMASTER_STACK_DIR:+RINGMASTER_STACK_DIR=$STACK }deploy/stack.sh down"
  local gateway_port=${RINGMASTER_GATEWAY_PORT:-8080}
  need_port "$gateway_port"
  mkdir -p "$STACK"; rm -f "$STACK"/*.pid "$STACK"/*.log
  local sockets; sockets=$(mktemp -d /tmp/ringmaster.XXXXXX); echo "$sockets" >"$STACK/sockets"
  "$ROOT/deploy/postgres.sh" start "$STACK/postgres" >"$STACK/postgres.start.log" 2>&1 ||
    { cat "$STACK/postgres.start.log" >&2; die "the private Postgres did not start"; }
  local network_port bridge_port
  network_port=$(free_port); bridge_port=$(free_port)
  for name in "${SERVICES[@]}"; do free_port >"$STACK/$name.ops-port"; done
  local database; database=$("$ROOT/deploy/postgres.sh" url "$STACK/postgres")
  # Keys of the embedded phone network only; they open nothing else.
  cat >"$STACK/environment" <<ENV
RINGMASTER_DATABASE_URL='$database'
RINGMASTER_LOG_FORMAT=json
RINGMASTER_TIME_SCALE=${RINGMASTER_TIME_SCALE:-1}
${RINGMASTER_TIME_ORIGIN:+RINGMASTER_TIME_ORIGIN=$RINGMASTER_TIME_ORIGIN}
RINGMASTER_PHONE_NETWORK_LISTEN=http://127.0.0.1:$network_port
RINGMASTER_PHONE_NETWORK_SEED=${RINGMASTER_PHONE_NETWORK_SEED:-1}
RINGMASTER_MEDIA_BRIDGE_LISTEN=http://127.0.0.1:$bridge_port
RINGMASTER_MEDIA_BRIDGE_PUBLIC_URL=http://127.0.0.1:$bridge_port
RINGMASTER_TWILIO_URL=http://127.0.0.1:$network_port
RINGMASTER_TWILIO_ACCOUNT_SID=AC00000000000000000000000000000001
RINGMASTER_TWILIO_AUTH_TOKEN=embedded-phone-network-token-0001
RINGMASTER_OPENAI_REALTIME_URL=ws://127.0.0.1:$network_port/v1/realtime
RINGMASTER_OPENAI_API_KEY=embedded-phone-network-key
RINGMASTER_DNC_WASH_URL=http://127.0.0.1:$network_port/register/wash
RINGMASTER_DNC_WASH_KEY=embedded-register-key
RINGMASTER_GATEWAY_LISTEN=http://127.0.0.1:$gateway_port
RINGMASTER_GATEWAY_URL=http://127.0.0.1:$gateway_port
RINGMASTER_API_KEY=${RINGMASTER_API_KEY:-demo-key}
RINGMASTER_CAMPAIGN_EXECUTOR_ENDPOINTS=$(endpoint campaign-executor)
RINGMASTER_AUTO_DIALER_ENDPOINTS=$(endpoint auto-dialer)
RINGMASTER_OUTCOME_TRACKER_ENDPOINTS=$(endpoint outcome-tracker)
RINGMASTER_QUALIFICATION_SCORER_ENDPOINTS=$(endpoint qualification-scorer)
RINGMASTER_KB_GENERATOR_ENDPOINTS=$(endpoint kb-generator)
RINGMASTER_MEDIA_BRIDGE_ENDPOINTS=$(endpoint media-bridge)
RINGMASTER_FOLLOW_UP_ENDPOINTS=$(endpoint follow-up)
ENV
  trap 'status=$?; trap - EXIT; [ $status -eq 0 ] || down; exit $status' EXIT  # Nothing is left half started.
  for name in "${SERVICES[@]}"; do start_service "$name"; done
  for name in "${SERVICES[@]}"; do wait_ready "$name"; note "$name is ready"; done
  note "gateway: http://127.0.0.1:$gateway_port   phone network: http://127.0.0.1:$network_port   logs: $STACK/*.log"
  local url=; [ "$gateway_port" = 8080 ] || url="RINGMASTER_GATEWAY_URL=http://127.0.0.1:$gateway_port "
  note "command line: ${url}RINGMASTER_API_KEY=${RINGMASTER_API_KEY:-demo-key} .build/release/ringmaster campaigns list"
}

down() {
  local name i
  for ((i = ${#SERVICES[@]} - 1; i >= 0; i--)); do
    name=${SERVICES[$i]}
    alive "$name" && kill -TERM "$(cat "$STACK/$name.pid")" 2>/dev/null || true
  done
  for name in "${SERVICES[@]}"; do
    for i in $(seq 1 150); do alive "$name" || break; sleep 0.1; done
    alive "$name" && { note "$name did not end within 15 s: killed"; kill -9 "$(cat "$STACK/$name.pid")"; } || true
    rm -f "$STACK/$name.pid"
  done
  [ ! -d "$STACK/postgres" ] || "$ROOT/deploy/postgres.sh" stop "$STACK/postgres" >/dev/null 2>&1 || true
  [ ! -f "$STACK/sockets" ] || rm -rf "$(sockets)"
}

case "${1:-}" in
  up) up ;;
  down) down ;;
  status) for name in "${SERVICES[@]}"; do alive "$name" && echo "$name running, pid $(cat "$STACK/$name.pid")" || echo "$name stopped"; done ;;
  start) start_service "${2:?which service}"; wait_ready "$2" ;;
  kill) kill -9 "$(cat "$STACK/${2:?which service}.pid")" ;;
  *) sed -n '2,11s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 64 ;;
esac
