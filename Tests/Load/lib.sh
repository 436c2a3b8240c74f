# What the measurements of this folder begin with. Source it: it brings deploy/lib.sh, a folder `scratch`, and an end that
# leaves nothing behind.
. "$(dirname "${BASH_SOURCE[0]}")/../../deploy/lib.sh"

scratch=$(mktemp -d)
chmod 755 "$scratch" # A database's own user must reach its folder.
running=             # A process to be ended with the script.
trap '[ -z "$running" ] || { kill -9 "$running"; wait "$running"; } 2>/dev/null || true
  [ ! -d "$scratch/postgres" ] || deploy/postgres.sh destroy "$scratch/postgres" >/dev/null 2>&1 || true
  rm -rf "$scratch"' EXIT

# release PRODUCT...: builds for release and names the folder in `BIN`, unless that names one already.
release() {
  [ -z "${BIN:-}" ] || return 0
  need_swift >&2
  local product
  for product in "$@"; do build_with -c release --product "$product" >&2; done
  BIN=$(swift build -c release --show-bin-path)
}

# start_postgres [OPTION...]: a private server of this measurement's own: its `url`, its first process `server`, and the
# folder of its programs, `tools`.
start_postgres() {
  url=$(deploy/postgres.sh start "$scratch/postgres" "$@" | tail -n 1)
  server=$(head -n 1 "$(find "$scratch/postgres" -name postmaster.pid)")
  tools=$(dirname "$(readlink -f "/proc/$server/exe")")
}
