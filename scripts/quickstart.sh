#!/usr/bin/env bash
# The whole method on a laptop: warm a teacher up, train it by RL on the RLT reward, collect explanations before and after,
# distill one student on each, evaluate on held-out questions. Does its own set-up. Under 10 minutes on 2 CPU cores.
#   scripts/quickstart.sh [RUN_FOLDER]      a stopped run goes on where it was
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
scripts/setup.sh
run=${1:-runs/quickstart}
rlt=scripts/rlt
small=configs/small
said() { printf '\n== %s\n' "$1" >&2; }

said "questions"
[ -f "$run/world/heldout.jsonl" ] || $rlt world --out "$run/world" --seed 1

finished() { [ -f "$1" ]; }
said "teacher warm-up"
finished "$run/warmup/model/model.safetensors" || $rlt warmup --config $small/warmup.yaml --data "$run/world/warmup.jsonl" --out "$run/warmup"
said "teacher training (GRPO on the RLT reward)"
finished "$run/teacher/model/model.safetensors" || $rlt train-teacher --config $small/teacher.yaml --model "$run/warmup/model" --data "$run/world/rl.jsonl" --out "$run/teacher"

for teacher in warmup teacher; do
  said "explanations and student of: $teacher"
  $rlt collect --config $small/collect.yaml --model "$run/$teacher/model" --data "$run/world/distill.jsonl" --out "$run/traces-$teacher"
  finished "$run/student-$teacher/model/model.safetensors" ||
    $rlt distill --config $small/distill.yaml --data "$run/traces-$teacher/traces.jsonl" --out "$run/student-$teacher"
done

said "held-out accuracy"
evaluate() { finished "$run/eval-$1/summary.json" || $rlt eval --config $small/eval.yaml --model "$2" --data "$run/world/heldout.jsonl" --out "$run/eval-$1" >/dev/null; }
evaluate untrained data/small/base
evaluate warmup "$run/student-warmup/model"
evaluate teacher "$run/student-teacher/model"

said "results"
$rlt results "RLT teacher=$run/teacher" "untrained student=$run/eval-untrained" \
  "student of the warm-up teacher=$run/eval-warmup" "student of the RLT teacher=$run/eval-teacher" --svg "$run/results.svg" | tee "$run/results.md"
echo
echo "run folder: $run"
