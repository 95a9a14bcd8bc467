#!/bin/bash
# Runs the OCI validation programs against a runtime and counts their TAP lines.
#
#   CORACLE_OCI_VALIDATION=DIR test/oci/validation.sh [RUNTIME] [NAME...]
#
# DIR holds the programs as the project that makes them leaves them: validation/*/*.t, runtimetest and the
# root file system's archive. RUNTIME is native/build/coracle-runtime, or another to compare with.
# NAME limits the run to these programs ("kill linux_devices"). Needs root.
#
# OUT (a folder, default a temporary one) keeps each program's output. Ends with 1 where a line is "not ok"
# that test/oci/known-failures.txt does not name; that list holds for coracle-runtime alone.
set -u
# In a mount namespace of its own: one program makes a container without one, and a runtime that takes it mounts
# proc, sysfs and more where everybody sees them, and leaves them there.
if [ -z "${CORACLE_OCI_UNSHARED:-}" ]; then
  CORACLE_OCI_UNSHARED=1 exec unshare --mount --propagation private "$0" "$@"
fi
here=$(cd "$(dirname "$0")" && pwd)
runtime=${1:-$here/../../native/build/coracle-runtime}
shift $(($# > 0 ? 1 : 0))
programs=${CORACLE_OCI_VALIDATION:-}
if [ -z "$programs" ] || [ ! -x "$programs/runtimetest" ]; then
  echo "CORACLE_OCI_VALIDATION must name the folder of the validation programs: skipped" >&2
  exit 77
fi
runtime=$(command -v "$runtime") || { echo "no runtime $runtime" >&2; exit 2; }
runtime=$(realpath "$runtime")
if [ -n "${OUT:-}" ]; then
  mkdir -p "$OUT"
else
  OUT=$(mktemp -d)
  trap 'rm -rf "$OUT"' EXIT
fi
# A root of its own, so that what a program leaves behind is known to be its own, and removed.
root=$(mktemp -d)
printf '#!/bin/sh\nexec "%s" --root "%s" "$@"\n' "$runtime" "$root" >"$OUT/runtime"
chmod +x "$OUT/runtime"
remove_left() {
  local dir
  for dir in "$root"/*/; do
    [ -d "$dir" ] && "$OUT/runtime" delete --force "$(basename "$dir")"
  done
  rm -rf "$root"
}
cd "$programs" || exit 2

wanted() {
  [ $# -eq 1 ] && return 0
  local name=$1
  shift
  local each
  for each in "$@"; do [ "$each" = "$name" ] && return 0; done
  return 1
}

: >"$OUT/failures"
passed=0 failed=0 broken=0
for program in validation/*/*.t; do
  name=$(basename "$program" .t)
  wanted "$name" "$@" || continue
  TMPDIR=${TMPDIR:-/tmp} RUNTIME=$OUT/runtime timeout --kill-after=5 "${SECONDS_EACH:-120}" "$program" >"$OUT/$name.tap" 2>"$OUT/$name.err" </dev/null
  status=$?
  # Lines of the checks inside a container stand indented in the outer ones' diagnostics.
  ok=$(grep -cE '^[[:space:]]*ok [0-9]+' "$OUT/$name.tap")
  not_ok=$(grep -cE '^[[:space:]]*not ok [0-9]+' "$OUT/$name.tap")
  passed=$((passed + ok)) failed=$((failed + not_ok))
  if [ "$status" -ne 0 ]; then
    broken=$((broken + 1))
    echo "$name: the program ended with status $status" >>"$OUT/failures"
  fi
  grep -E '^[[:space:]]*not ok [0-9]+' "$OUT/$name.tap" | sed -E "s/^[[:space:]]*not ok [0-9]+ (- )?/$name: /" >>"$OUT/failures"
  printf '%-36s %5d ok %4d not ok%s\n' "$name" "$ok" "$not_ok" "$([ "$status" -eq 0 ] || echo "  status $status")"
done
remove_left
echo "$runtime: $passed of $((passed + failed)) checks ok, $broken programs ended early"
sort -u "$OUT/failures" >"$OUT/failures.sorted"
if [ -f "$here/known-failures.txt" ]; then
  grep -v '^#' "$here/known-failures.txt" | sort -u >"$OUT/known"
  comm -23 "$OUT/failures.sorted" "$OUT/known" >"$OUT/new"
else
  cp "$OUT/failures.sorted" "$OUT/new"
fi
if [ -s "$OUT/new" ]; then
  echo "not ok and not known:"
  cat "$OUT/new"
  exit 1
fi
