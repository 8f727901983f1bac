#!/usr/bin/env bash
# Runs all tests, after all set-up: 3 to 5 minutes on 2 cores. Those of kernels and numbers run once more as on a processor without AVX-512, where this
# one has it. Ends with one line: N passed, N failed, N skipped.
#   scripts/test.sh [--filter EXPRESSION]   (as dotnet test's; runs them once)
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
"$root/scripts/setup.sh"
"$root/scripts/build.sh" --project tests/Rlt.Tests
log=$root/.build/test.log
passed=0 failed=0 skipped=0 status=0

run_tests() {
  local ended=0 summary
  dotnet test "$root/tests/Rlt.Tests" --no-build -c Release -v q -nologo --logger "console;verbosity=minimal" "$@" 2>&1 | tee "$log" || ended=$?
  summary=$(grep -E '^(Passed|Failed)!' "$log" | tail -1 || true)
  number() { sed -nE "s/.*$1: *([0-9]+).*/\1/p" <<<"$summary" | grep . || echo 0; }
  passed=$((passed + $(number Passed))) failed=$((failed + $(number Failed))) skipped=$((skipped + $(number Skipped)))
  if [ "$ended" != 0 ] && [ "$(number Failed)" = 0 ]; then failed=$((failed + 1)); fi  # the tests did not come to their end
  if [ "$ended" != 0 ]; then status=$ended; fi
  grep -E '^\s+Skipped ' "$log" | sed 's/^/skipped:/' || true
}

run_tests "$@"
if [ $# = 0 ] && [ -z "${RLT_CPU:-}" ] && grep -q avx512f /proc/cpuinfo 2>/dev/null && [ -e "$root/.build/kernels/librlt_kernels_avx2.so" ]; then
  echo "once more with RLT_CPU=avx2: kernels, models, sampling and gradients"
  RLT_CPU=avx2 run_tests --filter "(FullyQualifiedName~Tests.Platform|FullyQualifiedName~Tests.Models|FullyQualifiedName~Tests.Generation|FullyQualifiedName~LayerwisePassTests)&FullyQualifiedName!~ProcessorLevelTests"
fi
echo "$passed passed, $failed failed, $skipped skipped"
exit "$status"
