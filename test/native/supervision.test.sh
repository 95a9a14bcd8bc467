#!/bin/bash
# The unit tests of supervision, built with the sanitizers.
here=$(cd "$(dirname "$0")" && pwd)
build=$(dirname "$CORACLE_RUNTIME")
# Only the lack of sanitizers is a reason to skip; a failing build is a failure.
if ! echo 'int main(void) { return 0; }' | "${CC:-cc}" -fsanitize=address,undefined -x c -o /dev/null - 2>/dev/null; then
  echo "1..0 # SKIP the compiler has no sanitizers"
  exit 0
fi
make -s -C "$here/../../native" BUILD="$build" "$build/supervision-test" || exit 1
exec "$build/supervision-test"
