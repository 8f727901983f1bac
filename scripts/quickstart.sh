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

# The models are small: one thread each, two jobs side by side, does more work than two threads.
student_of() {
  local rlt="scripts/labelled.sh $1 $rlt"
  $rlt collect --config $small/collect.yaml --model "$run/$1/model" --data "$run/world/distill.jsonl" --out "$run/traces-$1"
  finished "$run/student-$1/model/model.safetensors" ||
    $rlt distill --config $small/distill.yaml --data "$run/traces-$1/traces.jsonl" --out "$run/student-$1"
  evaluate "$1" "$run/student-$1/model"
}
evaluate() {
  finished "$run/eval-$1/summary.json" || $rlt eval --config $small/eval.yaml --model "$2" --data "$run/world/heldout.jsonl" --out "$run/eval-$1" >/dev/null
}
said "explanations, student and held-out accuracy of both teachers, side by side"
student_of warmup &
first=$!
student_of teacher
wait $first
evaluate untrained data/small/base

said "results"
$rlt results "RLT teacher=$run/teacher" "untrained student=$run/eval-untrained" \
  "student of the warm-up teacher=$run/eval-warmup" "student of the RLT teacher=$run/eval-teacher" --svg "$run/results.svg" | tee "$run/results.md"
echo
echo "run folder: $run"
