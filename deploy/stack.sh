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
# RINGMASTER_TIME_ORIGIN, RINGMASTER_PHONE_NETWORK_SEED and whatever else of RINGMASTER_PHONE_NETWORK_… are passed on.
# RINGMASTER_STACK_INSTANCES="auto-dialer=3 media-bridge=2" runs several of a service: auto-dialer, auto-dialer.2, ….
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

STACK=${RINGMASTER_STACK_DIR:-$ROOT/.local/stack}
case "$STACK" in /*) ;; *) STACK=$ROOT/$STACK ;; esac
BIN=${RINGMASTER_BIN:-$ROOT/.build/release}
SERVICES=(phone-network campaign-executor auto-dialer outcome-tracker qualification-scorer kb-generator media-bridge follow-up gateway)

# Every process, in the order in which they start; a service's further ones are SERVICE.2, SERVICE.3, ….
processes() {
  local name setting i
  for name in "${SERVICES[@]}"; do
    echo "$name"
    for setting in ${RINGMASTER_STACK_INSTANCES:-}; do
      [ "${setting%=*}" = "$name" ] || continue
      for ((i = 2; i <= ${setting#*=}; i++)); do echo "$name.$i"; done
    done
  done
}
if [ "${1:-}" != up ] && [ -f "$STACK/processes" ]; then mapfile -t PROCESSES <"$STACK/processes"; else mapfile -t PROCESSES < <(processes); fi

# Sockets live in a short path: a Unix socket's name may have 107 bytes.
sockets() { cat "$STACK/sockets"; }
endpoint() { echo "ipc://$(sockets)/$1.ipc"; }
# endpoints SERVICE: of all its processes, with commas.
endpoints() {
  local name all=()
  for name in "${PROCESSES[@]}"; do [ "${name%%.*}" != "$1" ] || all+=("$(endpoint "$name")"); done
  local IFS=,; echo "${all[*]}"
}

# Containers whose first process reaps nothing keep what has ended as a zombie.
alive() {
  local process
  process=$(cat "$STACK/$1.pid" 2>/dev/null) && kill -0 "$process" 2>/dev/null && ! grep -q '^State:.Z' "/proc/$process/status" 2>/dev/null
}

start_service() {
  local name=$1
  [ -x "$BIN/${name%%.*}" ] || die "$BIN/${name%%.*} is not built" "Run: swift build -c release"
  # A signal that comes while the program is still being loaded would kill it: held back, it is taken a moment later.
  # shellcheck disable=SC1091
  ( set -a; . "$STACK/environment"; [ ! -f "$STACK/$name.environment" ] || . "$STACK/$name.environment"; set +a
    RINGMASTER_RPC_LISTEN=$(endpoint "$name") RINGMASTER_OPS_LISTEN="http://127.0.0.1:$(cat "$STACK/$name.ops-port")" \
      exec env --block-signal=TERM,INT setsid "$BIN/${name%%.*}" >>"$STACK/$name.log" 2>&1 </dev/null ) &
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
  local name running=() ended=() again="${RINGMASTER_STACK_DIR:+RINGMASTER_STACK_DIR=$STACK }deploy/stack.sh"
  for name in "${PROCESSES[@]}"; do alive "$name" && running+=("$name") || ended+=("$name"); done
  [ ${#running[@]} -eq 0 ] || die "already running in $STACK: ${running[*]}" "Stop it first: $again down" \
    ${ended:+"Or start what has ended: $again start ${ended[0]}"}
  local gateway_port=${RINGMASTER_GATEWAY_PORT:-8080}
  need_port "$gateway_port"
  mkdir -p "$STACK"; rm -f "$STACK"/*.pid "$STACK"/*.log "$STACK"/*.environment
  printf '%s\n' "${PROCESSES[@]}" >"$STACK/processes"
  local sockets; sockets=$(mktemp -d /tmp/ringmaster.XXXXXX); echo "$sockets" >"$STACK/sockets"
  "$ROOT/deploy/postgres.sh" start "$STACK/postgres" >"$STACK/postgres.start.log" 2>&1 ||
    { cat "$STACK/postgres.start.log" >&2; die "the private Postgres did not start"; }
  local ports i=0; mapfile -t ports < <(free_ports $((2 * ${#PROCESSES[@]} + 1)))
  local network_port=${ports[-1]}
  for name in "${PROCESSES[@]}"; do
    echo "${ports[i]}" >"$STACK/$name.ops-port"
    # No proxy stands before the bridges: each has an address of its own.
    [ "${name%%.*}" != media-bridge ] || cat >"$STACK/$name.environment" <<ENV
RINGMASTER_MEDIA_BRIDGE_LISTEN=http://127.0.0.1:${ports[i + 1]}
RINGMASTER_MEDIA_BRIDGE_PUBLIC_URL=\$RINGMASTER_MEDIA_BRIDGE_LISTEN
ENV
    i=$((i + 2))
  done
  local database; database=$("$ROOT/deploy/postgres.sh" url "$STACK/postgres")
  # Keys of the embedded phone network only; they open nothing else.
  cat >"$STACK/environment" <<ENV
RINGMASTER_DATABASE_URL='$database'
RINGMASTER_LOG_FORMAT=json
RINGMASTER_TIME_SCALE=${RINGMASTER_TIME_SCALE:-1}
${RINGMASTER_TIME_ORIGIN:+RINGMASTER_TIME_ORIGIN=$RINGMASTER_TIME_ORIGIN}
RINGMASTER_PHONE_NETWORK_LISTEN=http://127.0.0.1:$network_port
RINGMASTER_PHONE_NETWORK_SEED=${RINGMASTER_PHONE_NETWORK_SEED:-1}
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
RINGMASTER_CAMPAIGN_EXECUTOR_ENDPOINTS=$(endpoints campaign-executor)
RINGMASTER_AUTO_DIALER_ENDPOINTS=$(endpoints auto-dialer)
RINGMASTER_OUTCOME_TRACKER_ENDPOINTS=$(endpoints outcome-tracker)
RINGMASTER_QUALIFICATION_SCORER_ENDPOINTS=$(endpoints qualification-scorer)
RINGMASTER_KB_GENERATOR_ENDPOINTS=$(endpoints kb-generator)
RINGMASTER_MEDIA_BRIDGE_ENDPOINTS=$(endpoints media-bridge)
RINGMASTER_FOLLOW_UP_ENDPOINTS=$(endpoints follow-up)
ENV
  trap 'status=$?; trap - EXIT; [ $status -eq 0 ] || down; exit $status' EXIT  # Nothing is left half started.
  for name in "${PROCESSES[@]}"; do start_service "$name"; done
  for name in "${PROCESSES[@]}"; do wait_ready "$name"; note "$name is ready"; done
  note "gateway: http://127.0.0.1:$gateway_port   phone network: http://127.0.0.1:$network_port   logs: $STACK/*.log"
  local url=; [ "$gateway_port" = 8080 ] || url="RINGMASTER_GATEWAY_URL=http://127.0.0.1:$gateway_port "
  note "command line: ${url}RINGMASTER_API_KEY=${RINGMASTER_API_KEY:-demo-key} .build/release/ringmaster campaigns list"
}

down() {
  local name i
  for ((i = ${#PROCESSES[@]} - 1; i >= 0; i--)); do
    name=${PROCESSES[$i]}
    alive "$name" && kill -TERM "$(cat "$STACK/$name.pid")" 2>/dev/null || true
  done
  for name in "${PROCESSES[@]}"; do
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
  status) for name in "${PROCESSES[@]}"; do alive "$name" && echo "$name running, pid $(cat "$STACK/$name.pid")" || echo "$name stopped"; done ;;
  start) start_service "${2:?which service}"; wait_ready "$2" ;;
  kill) kill -9 "$(cat "$STACK/${2:?which service}.pid")" ;;
  *) sed -n '2,12s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 64 ;;
esac
