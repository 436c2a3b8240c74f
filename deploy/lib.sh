# Shared by the scripts of this folder (and by Tests/*/run.sh): find the toolchain, install what is missing, say
# clearly what to do when something is not there. Source it; it changes to the project's root.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$ROOT"

if [ -t 1 ]; then BOLD=$'\e[1m'; DIM=$'\e[2m'; RED=$'\e[31m'; GREEN=$'\e[32m'; PLAIN=$'\e[0m'; else BOLD= DIM= RED= GREEN= PLAIN=; fi

step() { printf '\n%s==> %s%s\n' "$BOLD" "$*" "$PLAIN"; }
note() { printf '    %s%s%s\n' "$DIM" "$*" "$PLAIN"; }
die() { printf '%serror:%s %s\n' "$RED" "$PLAIN" "$1" >&2; shift; for line in "$@"; do printf '       %s\n' "$line" >&2; done; exit 1; }

# What building and running needs. libprotoc-dev and protobuf compilers only regenerate code; CI checks that.
BUILD_PACKAGES=(libnng-dev libprotobuf-c-dev libpq-dev libcurl4-openssl-dev libssl-dev libphonenumber-dev
  libprotobuf-dev tzdata python3 python3-venv python3-pip openssl curl procps)
TEST_PACKAGES=(protobuf-compiler protobuf-c-compiler libprotoc-dev)

# install_packages NAME...: installs the Debian packages that are missing; asks for nothing when none is.
install_packages() {
  local missing=() name
  for name in "$@"; do
    dpkg-query -W -f='${Status}' "$name" 2>/dev/null | grep -q 'ok installed' || missing+=("$name")
  done
  [ ${#missing[@]} -gt 0 ] || { note "Debian packages: all there"; return 0; }
  command -v apt-get >/dev/null || die "these packages are missing and there is no apt-get: ${missing[*]}" \
    "Ringmaster is built on Debian 12; elsewhere install their equivalents and run again."
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || die "these packages are missing and neither root nor sudo is at hand: ${missing[*]}" \
      "As root: apt-get install -y ${missing[*]}" "then run this again."
    as_root=(sudo)
  fi
  note "installing ${missing[*]}"
  local log; log=$(mktemp)
  { "${as_root[@]}" apt-get update && "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
      apt-get install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 ||
    { tail -n 15 "$log" >&2; die "apt-get could not install ${missing[*]} (see above)" "Check the network and the package sources, then run this again."; }
  rm -f "$log"
}

# need_swift: puts Swift 6.2 or later on PATH or says where to get it.
need_swift() {
  local candidate
  if ! command -v swift >/dev/null; then
    for candidate in /opt/swift/usr/bin "$HOME/.local/share/swiftly/bin" /usr/libexec/swift/bin; do
      [ -x "$candidate/swift" ] && PATH="$candidate:$PATH" && break
    done
  fi
  command -v swift >/dev/null || die "no Swift toolchain found" \
    "Install Swift 6.3 for Debian 12 from https://www.swift.org/install/linux/ and put its usr/bin on PATH."
  local version
  version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1)
  case "$version" in
    6.[2-9] | 6.[1-9][0-9] | [7-9].*) note "Swift $version" ;;
    *) die "Swift ${version:-of an unknown version} is too old: 6.2 or later is needed" \
         "Get Swift 6.3 from https://www.swift.org/install/linux/ and put its usr/bin first on PATH." ;;
  esac
}

# build_with ARGUMENT...: swift build with one line of progress in a terminal, the whole output on failure.
build_with() {
  local log status=0; log=$(mktemp)
  if [ -t 1 ]; then
    swift build "$@" 2>&1 | tee "$log" | while IFS= read -r line; do printf '\r\e[K    %.110s' "$line"; done || status=$?
    printf '\r\e[K'
  else
    swift build "$@" >"$log" 2>&1 || status=$?
  fi
  if [ $status -ne 0 ]; then grep -E 'error:|warning:' "$log" | sort -u | head -n 40 >&2 || true; tail -n 20 "$log" >&2
    die "the build failed (see above)"; fi
  note "$(tail -n 1 "$log")"
  rm -f "$log"
}

# free_ports N: as many TCP ports of the loopback interface that nobody listens on now. Below those that the system gives to
# outgoing connections: a service that is started again must find its port free.
free_ports() {
  python3 -c '
import random, socket, sys
held = []
while len(held) < int(sys.argv[1]):
    try:
        held.append(socket.create_server(("127.0.0.1", random.randrange(12000, 32000))))
    except OSError:
        pass
for one in held:
    print(one.getsockname()[1])' "$1"
}
free_port() { free_ports 1; }

# port_taken PORT: true when something listens there.
port_taken() { python3 -c 'import socket, sys; s = socket.socket(); s.settimeout(1); sys.exit(s.connect_ex(("127.0.0.1", int(sys.argv[1]))) != 0)' "$1"; }

# need_port PORT: says so when somebody listens on the port that the gateway is to have.
need_port() {
  ! port_taken "$1" || die "port $1 is taken, the gateway cannot listen there" \
    "Choose another: RINGMASTER_GATEWAY_PORT=$(($1 + 1)) and run this again."
}
