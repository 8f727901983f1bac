#!/usr/bin/env bash
# Runs all tests, after all set-up: about 5 minutes on 2 cores. Ends with one line: N passed, N failed, N skipped.
#   scripts/test.sh [--filter EXPRESSION]   (as dotnet test's)
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
"$root/scripts/setup.sh"
"$root/scripts/build.sh" --project tests/Rlt.Tests
log=$root/.build/test.log
status=0
dotnet test "$root/tests/Rlt.Tests" --no-build -c Release -v q -nologo --logger "console;verbosity=minimal" "$@" 2>&1 | tee "$log" || status=$?
summary=$(grep -E '^(Passed|Failed)!' "$log" | tail -1 || true)
number() { sed -E "s/.*$1: *([0-9]+).*/\1/" <<<"$summary"; }
if [ -z "$summary" ]; then
  echo "0 passed, 1 failed"
  exit 1
fi
grep -E '^\s+Skipped ' "$log" | sed 's/^/skipped:/' || true
failed=$(number Failed)
if [ "$status" != 0 ] && [ "$failed" = 0 ]; then failed=1; fi  # the tests did not come to their end
echo "$(number Passed) passed, $failed failed, $(number Skipped) skipped"
exit "$status"
