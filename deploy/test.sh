#!/usr/bin/env bash
# Passes the tests: installs what they need, then format, layout, generated code, unit and integration tests (on a
# private Postgres that they start themselves), all services in virtual time under faults, the shared modules' tests
# under the thread sanitizer, conformance against other implementations, and the real executables end to end. Ends with
# one line of counts; any failure ends it at once with what failed.
#
#   deploy/test.sh            everything
#   deploy/test.sh NAME...    only these stages: style generated unit simulation threads conformance end-to-end
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

STAGES=("$@")
[ ${#STAGES[@]} -gt 0 ] || STAGES=(style generated unit simulation threads conformance end-to-end)
PASSED=0
started=$SECONDS

# add_counts LOG: adds the counts that a log closes with to the total.
add_counts() {
  local count
  count=$(sed -nE 's/.*Test run with ([0-9]+) tests?.* passed.*/\1/p; s/^([0-9]+) passed, 0 failed.*/\1/p' "$1" | paste -sd+ | bc)
  PASSED=$((PASSED + ${count:-0}))
}

stage_style() {
  step 'Style: swift format, layout'
  git ls-files -- '*.swift' | grep -v '/Generated/' | xargs swift format lint --strict --configuration .swift-format --parallel
  .ci/check-structure
}

stage_generated() {
  step 'Generated code is fresh'
  Protos/generate.sh --check
}

# test_target NAME LOG: runs the tests of one target, which must be there and pass, and counts them.
test_target() {
  local name=$1 log=$2
  if ! swift test --skip-build --filter "^$name\\." >"$log" 2>&1 || ! grep -qE 'Test run with [1-9][0-9]* tests?.* passed' "$log"; then
    grep -E '^✘|recorded an issue|error:|Fatal' "$log" | head -n 40 >&2 || true
    tail -n 5 "$log" >&2
    die "$name failed (see above)" "Again, alone: swift test --filter '^$name\.'"
  fi
  note "$name: $(grep -oE 'Test run with .*' "$log" | tail -n 1)"
  add_counts "$log"
}

# The number of tests may grow; it must not fall unseen (a filter or a lost target that matches nothing passes).
MINIMUM_TESTS=1050

# One process a target: its tests run in parallel, those of others do not slow down what talks over sockets, and a crash
# takes no other target's results along.
stage_unit() {
  step 'Unit and integration tests (debug build)'
  build_with --build-tests
  local folder log before=$PASSED; log=$(mktemp)
  for folder in Tests/*Tests; do
    test_target "$(basename "$folder")" "$log"
  done
  [ $((PASSED - before)) -ge $MINIMUM_TESTS ] || die "only $((PASSED - before)) tests ran, at least $MINIMUM_TESTS must"
  rm -f "$log"
}

# All services in one process, in virtual time, under faults: fixed seeds, fresh ones, and one twice.
stage_simulation() {
  step 'Simulation (debug build)'
  build_with --build-tests
  local log; log=$(mktemp)
  # The order of sets must not differ from run to run, so that a seed that fails here fails again.
  SWIFT_DETERMINISTIC_HASHING=1 test_target SimulationTests "$log"
  grep -E '^seed [0-9]+: ' "$log" | while read -r line; do note "$line"; done
  rm -f "$log"
}

# The shared modules' tests again, with the thread sanitizer in. Its tests are not counted a second time.
stage_threads() {
  step 'Shared modules under the thread sanitizer (a build of its own)'
  export RINGMASTER_SHARED_ONLY=1
  local options=(--scratch-path .build/threads --sanitize=thread)
  build_with --build-tests "${options[@]}"
  # A report ends the process at once with status 66.
  export TSAN_OPTIONS="suppressions=$ROOT/Tests/ThreadSanitizer/suppressions.txt halt_on_error=1"
  local folder name log; log=$(mktemp)
  for folder in Tests/*Tests; do
    name=$(basename "$folder")
    [ -d "Shared/${name%Tests}" ] || continue
    if ! swift test --skip-build "${options[@]}" --filter "^$name\\." >"$log" 2>&1 || ! grep -qE 'Test run with [1-9][0-9]* tests?.* passed' "$log"; then
      grep -A60 'WARNING: ThreadSanitizer' "$log" | head -n 80 >&2 || true
      grep -E '^✘|recorded an issue|error:|Fatal' "$log" | head -n 20 >&2 || true
      die "$name failed under the thread sanitizer (see above)" "Again: deploy/test.sh threads"
    fi
    note "$name: $(grep -oE 'Test run with .*' "$log" | tail -n 1)"
  done
  unset RINGMASTER_SHARED_ONLY TSAN_OPTIONS
  rm -f "$log"
}

# Scripts named run.sh under a folder of Tests; each closes with "N passed, N failed".
run_scripts() {
  local script log
  for script in "$@"; do
    step "$script"
    log=$(mktemp)
    "$script" 2>&1 | tee "$log" || die "$script failed (see above)"
    grep -qE '^[0-9]+ passed, 0 failed' "$log" || die "$script ended without saying that its tests passed"
    add_counts "$log"; rm -f "$log"
  done
}

stage_conformance() { run_scripts Tests/Conformance/*/run.sh; }

stage_end-to-end() {
  step 'Release build of the executables'
  build_with -c release
  run_scripts Tests/EndToEnd/run.sh
}

step 'What the tests need'
install_packages "${BUILD_PACKAGES[@]}" "${TEST_PACKAGES[@]}" bc
need_swift
for stage in "${STAGES[@]}"; do
  declare -F "stage_$stage" >/dev/null || die "there is no stage '$stage'" 'Stages: style generated unit simulation threads conformance end-to-end'
  "stage_$stage"
done
step "Done in $(((SECONDS - started) / 60)) min $(((SECONDS - started) % 60)) s"
echo "$PASSED passed, 0 failed"
