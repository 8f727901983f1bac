#!/usr/bin/env bash
# The whole method on a laptop: warm a teacher up, train it by RL on the RLT reward, collect explanations before and after,
# distill one student on each, evaluate on held-out questions: configs/small/quickstart.yaml. Does its own set-up. Under 10 minutes on 2 CPU cores.
#   scripts/quickstart.sh [RUN_FOLDER]      a stopped run goes on where it was
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
scripts/setup.sh
run=${1:-runs/quickstart}
rlt=scripts/rlt
[ -f "$run/world/heldout.jsonl" ] || $rlt world --out "$run/world" --seed 1
$rlt run configs/small/quickstart.yaml --out "$run"
$rlt results "RLT teacher=$run/teacher" "untrained student=$run/eval-untrained" \
  "student of the warm-up teacher=$run/eval-warmup" "student of the RLT teacher=$run/eval-teacher" --svg "$run/results.svg" | tee "$run/results.md"
echo
echo "run folder: $run"
