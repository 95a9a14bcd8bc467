#!/bin/bash
# Runs every test of this folder against a build folder; TAP on stdout, one plan per file.
#
#   run.sh BUILD_FOLDER [FILE...]
set -u
build=$(realpath -e "${1:-$(dirname "$0")/../../native/build}") || exit 1
shift
cd "$(dirname "$0")" || exit 1
if [ $# -gt 0 ]; then
  for file in "$@"; do
    CORACLE_RUNTIME=$build/coracle-runtime CORACLE_INIT=$build/coracle-init bash "$file" || exit 1
  done
  exit 0
fi
set -- *.test.sh
failed=0
for program in "$build"/*.test; do
  [ -x "$program" ] || continue
  echo "# $(basename "$program")"
  "$program" || failed=1
done
for file in "$@"; do
  echo "# $file"
  CORACLE_RUNTIME=$build/coracle-runtime CORACLE_INIT=$build/coracle-init bash "$file" || failed=1
done
exit $failed
