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
# Arguments: folder, name of the module.
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

# Writes C and messages of the .proto files below a folder. Arguments: that folder, a work folder, module of the C.
generate() {
  local protos=$1 out=$2 c_module=$3 files
  mapfile -t files < <(proto_files "$protos")
  mkdir -p "$out/C" "$out/Messages"
  protoc-c -I "$protos" -I "$includes" --c_out="$out/C" "${files[@]}"
  protoc -I "$protos" -I "$includes" --plugin=protoc-gen-ringmaster="$plugin" \
    --ringmaster_out="$out/Messages" --ringmaster_opt="messages,c_module=$c_module" "${files[@]}"
}

proto_files() { (cd "$1" && find . -name '*.proto' | sed 's,^\./,,' | sort); }

# The system's own.
generate Protos "$work/main" CRingmasterProtos
protoc-c -I "$includes" --c_out="$work/main/C" google/protobuf/timestamp.proto google/protobuf/duration.proto
as_c_module "$work/main/C" CRingmasterProtos
mkdir -p "$work/main/Services"
mapfile -t files < <(proto_files Protos)
protoc -I Protos -I "$includes" --plugin=protoc-gen-ringmaster="$plugin" \
  --ringmaster_out="$work/main/Services" --ringmaster_opt=services "${files[@]}"
for part in C Messages Services; do install_tree "$work/main/$part" "Protos/Generated/$part"; done

# The conformance test's. Its C takes Timestamp and Duration from the system's.
generate Tests/Conformance/Protobuf/Protos "$work/conformance" CConformanceProtos
as_c_module "$work/conformance/C" CConformanceProtos
for part in C Messages; do install_tree "$work/conformance/$part" "Tests/Conformance/Protobuf/Generated/$part"; done

# The plugin's.
if [ -f "$includes/google/protobuf/compiler/plugin.proto" ]; then
  mkdir -p "$work/descriptor"
  protoc-c -I "$includes" --c_out="$work/descriptor" \
    google/protobuf/descriptor.proto google/protobuf/compiler/plugin.proto
  as_c_module "$work/descriptor" CDescriptorProtos
  install_tree "$work/descriptor" Protos/Plugin/Descriptor
fi

if [ $stale = 1 ]; then
  echo 'Generated code is not up to date: run Protos/generate.sh and commit what it writes.' >&2
  exit 1
fi
