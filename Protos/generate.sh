#!/usr/bin/env bash
# Writes everything that is generated from .proto files: the C by protoc-c, the Swift by our own protoc plugin.
#
#   Protos/generate.sh           bring the generated files up to date
#   Protos/generate.sh --check   change nothing; fail with a diff when they are not up to date
#
# Needs protobuf-compiler, protobuf-c-compiler and libprotobuf-dev. The plugin is built into .build/plugin unless
# PROTOC_GEN_RINGMASTER names one that is built. Its own C (Plugin/Descriptor) is written too when libprotoc-dev is
# installed, which has plugin.proto.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD

check=0
case "${1:-}" in
  '') ;;
  --check) check=1 ;;
  *) sed -n '2,9s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 64 ;;
esac

for tool in protoc protoc-c; do
  command -v "$tool" >/dev/null || {
    echo "$tool is missing: apt-get install protobuf-compiler protobuf-c-compiler libprotobuf-dev" >&2
    exit 69
  }
done
includes=$(dirname "$(dirname "$(readlink -f "$(command -v protoc)")")")/include
[ -f "$includes/google/protobuf/timestamp.proto" ] || {
  echo "$includes/google/protobuf/timestamp.proto is missing: apt-get install libprotobuf-dev" >&2
  exit 69
}

plugin=${PROTOC_GEN_RINGMASTER:-}
if [ -z "$plugin" ]; then
  swift build --scratch-path .build/plugin --product protoc-gen-ringmaster -j 2 >&2
  plugin=$root/.build/plugin/debug/protoc-gen-ringmaster
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LC_ALL=C
stale=0

# Moves the headers that protoc-c wrote next to the sources into include/, with a module map over them.
# Arguments: folder, name of the module, headers of other modules that these need no copy of.
as_c_module() {
  local folder=$1 module=$2 header
  (
    cd "$folder"
    find . -name '*.pb-c.h' | sed 's,^\./,,' | sort | while read -r header; do
      mkdir -p "include/$(dirname "$header")"
      mv "$header" "include/$header"
    done
    {
      echo "module $module {"
      find include -name '*.pb-c.h' | sed 's,^include/\(.*\),  header "\1",' | sort
      echo '  export *'
      echo '}'
    } >include/module.modulemap
  )
}

# Makes a folder of the repository equal to a generated one, touching only files that differ.
install_tree() {
  local from=$1 to=$2
  if [ $check = 1 ]; then
    diff -ruN "$to" "$from" || stale=1
    return
  fi
  mkdir -p "$to"
  (cd "$from" && find . -type f) | while read -r file; do
    cmp -s "$from/$file" "$to/$file" || { mkdir -p "$to/$(dirname "$file")"; cp "$from/$file" "$to/$file"; }
  done
  (cd "$to" && find . -type f) | while read -r file; do
    [ -f "$from/$file" ] || rm "$to/$file"
  done
  find "$to" -mindepth 1 -type d -empty -delete
}

# Arguments: folder with the .proto files, module of the C.
generate() {
  local protos=$1 c_module=$2 files
  files=$(cd "$protos" && find . -name '*.proto' | sed 's,^\./,,' | sort)
  mkdir -p "$work/C" "$work/Messages" "$work/Services"
  # shellcheck disable=SC2086
  protoc-c -I "$protos" -I "$includes" --c_out="$work/C" $files
  # shellcheck disable=SC2086
  protoc -I "$protos" -I "$includes" --plugin=protoc-gen-ringmaster="$plugin" \
    --ringmaster_out="$work/Messages" --ringmaster_opt="messages,c_module=$c_module" $files
}

well_known='google/protobuf/timestamp.proto google/protobuf/duration.proto'

generate Protos CRingmasterProtos
# shellcheck disable=SC2086
protoc-c -I "$includes" --c_out="$work/C" $well_known
as_c_module "$work/C" CRingmasterProtos
# shellcheck disable=SC2046
protoc -I Protos -I "$includes" --plugin=protoc-gen-ringmaster="$plugin" \
  --ringmaster_out="$work/Services" --ringmaster_opt=services \
  $(cd Protos && find . -name '*.proto' | sed 's,^\./,,' | sort)
install_tree "$work/C" Protos/Generated/C
install_tree "$work/Messages" Protos/Generated/Messages
install_tree "$work/Services" Protos/Generated/Services

if [ $stale = 1 ]; then
  echo 'Generated code is not up to date: run Protos/generate.sh and commit what it writes.' >&2
  exit 1
fi
