#!/bin/bash
# The unit tests of supervision, built with the sanitizers.
here=$(cd "$(dirname "$0")" && pwd)
build=$(dirname "$CORACLE_RUNTIME")
make -s -C "$here/../../native" BUILD="$build" "$build/supervision-test" || {
  echo "1..0 # SKIP cannot be built here (no sanitizers)"
  exit 0
}
exec "$build/supervision-test"
