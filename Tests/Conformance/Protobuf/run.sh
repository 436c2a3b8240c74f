#!/usr/bin/env bash
# Compares our protobuf with Google's Python one; see compare.py. Arguments are handed on to it (--seed, --count, ...).
#
# Needs protoc and python3 with venv; the protobuf package comes from PyPI into .local. The Swift side is built unless
# PROTOBUF_CONFORMANCE names it.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here/../../.."

# What protoc 3.21 generates needs a 4.21 runtime.
venv=.local/protobuf-conformance
if ! "$venv/bin/python" -c 'import google.protobuf as p; assert p.__version__ == "4.21.12"' 2>/dev/null; then
  python3 -m venv --clear "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check protobuf==4.21.12
fi

program=${PROTOBUF_CONFORMANCE:-}
if [ -z "$program" ]; then
  swift build --product protobuf-conformance >&2
  program=$(swift build --show-bin-path)/protobuf-conformance
fi

modules=$(mktemp -d)
trap 'rm -rf "$modules"' EXIT
for folder in Protos Tests/Conformance/Protobuf/Protos; do
  (cd "$folder" && find . -name '*.proto' | sed 's,^\./,,') |
    xargs protoc -I "$folder" --python_out="$modules"
done

"$venv/bin/python" "$here/compare.py" --swift "$program" --python-modules "$modules" "$@"
