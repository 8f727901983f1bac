#!/usr/bin/env bash
# Kills runs of every kind (SIGKILL, at random moments) until they are done, and compares what they leave with an uninterrupted
# run: weights, samples, traces and results byte for byte, metrics without the fields that the machine's speed and memory decide
# (tests/measured-fields.txt). About a minute a kind on 2 CPU cores.
#   scripts/kill-resume.sh [KILLS=20] [SEED=1] [KIND...]    kinds: warmup train-teacher live-student train-solver collect distill distill-opd eval
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
kills=${1:-20}
RANDOM=${2:-1}
kinds=("${@:3}")
[ ${#kinds[@]} -gt 0 ] || kinds=(warmup train-teacher live-student train-solver collect distill distill-opd eval)
work=$(mktemp -d "${TMPDIR:-/tmp}/rlt-kill-resume-XXXXXX")
"$root/scripts/build.sh"
measured=$(sed -E 's/^\^\(/(/; s/\)\$$/)/; s/\.\*/[a-z_]*/g' "$root/tests/measured-fields.txt")

# Not scripts/rlt: the process that is killed must be the run itself.
rlt() { dotnet "$root/.build/rlt/rlt.dll" "$@"; }
common() { echo "model: $1"; echo "format: small"; echo "seed: 3"; echo "device: {threads: 1, dtype: fp32}"; }

rlt world --out "$work/world" --seed 1
rlt init --from "$work/world/model" --out "$work/base" --seed 1 2>/dev/null
head -40 "$work/world/rl.jsonl" >"$work/questions.jsonl"
head -60 "$work/world/warmup.jsonl" >"$work/explained.jsonl"
tail -20 "$work/world/warmup.jsonl" >"$work/validation.jsonl"
head -40 "$work/world/heldout.jsonl" >"$work/heldout.jsonl"
training='{learning_rate: 1e-3, schedule: cosine, warmup_ratio: 0.1}'
{ common "$work/base"; echo "data: $work/explained.jsonl"; echo "steps: 16"; echo "batch_size: 6"; echo "save_every: 3"; echo "validate: {data: $work/validation.jsonl, every: 4}"; echo "optimizer: $training"; } >"$work/warmup.yaml"
{ cat "$work/warmup.yaml"; echo "lora: {rank: 4, dropout: 0.1}"; } >"$work/distill.yaml"
{
  common "$work/base"; echo "student: $root/data/small/student"; echo "data: $work/questions.jsonl"; echo "steps: 8"; echo "questions_per_step: 3"; echo "group_size: 4"
  echo "max_new_tokens: 12"; echo "save_every: 2"; echo "reference_sync_steps: 3"; echo "optimizer: $training"
  echo "validate: {data: $work/heldout.jsonl, every: 3, limit: 5}"
} >"$work/train-teacher.yaml"
# Random text has this closing tag now and then, so that there is something for the student to learn.
sed -E 's/^explanation_close:.*/explanation_close: "e"/' "$root/configs/formats/small.yaml" >"$work/often-closed.yaml"
{
  sed "s|^format:.*|format: $work/often-closed.yaml|" "$work/train-teacher.yaml"; echo "student_refresh: {every: 2, steps: 2, batch_size: 4, learning_rate: 1e-3}"
} >"$work/live-student.yaml"
{
  common "$root/data/small/student"; echo "data: $work/questions.jsonl"; echo "steps: 6"; echo "questions_per_step: 3"; echo "group_size: 4"; echo "temperature: 1.5"
  echo "max_new_tokens: 100"; echo "save_every: 2"; echo "optimizer: $training"; echo "validate: {data: $work/heldout.jsonl, every: 4, samples: 2, limit: 5}"
} >"$work/train-solver.yaml"
# A teacher that sees the solution and moves with the student, own and given answers: all that such a run has to keep.
{
  common "$root/data/small/student"; echo "method: opd"; echo "data: $work/explained.jsonl"; echo "steps: 8"; echo "batch_size: 6"; echo "save_every: 2"; echo "optimizer: $training"
  echo "opd: {teacher: {sees: solution, ema: 0.1}, lmbda: 0.7, samples: 2, max_new_tokens: 60}"; echo "validate: {data: $work/heldout.jsonl, every: 3, limit: 5}"
} >"$work/distill-opd.yaml"
{ common "$root/data/small/student"; echo "student: $root/data/small/student"; echo "data: $work/questions.jsonl"; echo "samples: 3"; echo "keep: all"; echo "block_size: 4"; echo "max_new_tokens: 24"; } >"$work/collect.yaml"
{ common "$root/data/small/student"; echo "data: $work/heldout.jsonl"; echo "samples: 2"; echo "temperature: 0.7"; echo "block_size: 5"; echo "max_new_tokens: 40"; } >"$work/eval.yaml"

now() { date +%s%N; }

# Runs a command for so many milliseconds at most (0: to its end) and prints its exit code.
run_for() {
  local milliseconds=$1 kind=$2 out=$3 code=0 command=${2/live-student/train-teacher}; command=${command%-opd}
  if [ "$milliseconds" -eq 0 ]; then
    dotnet "$root/.build/rlt/rlt.dll" "$command" --config "$work/$kind.yaml" --out "$out" >>"$work/log" 2>&1 || code=$?
  else
    timeout -s KILL "$(printf '%d.%03d' $((milliseconds / 1000)) $((milliseconds % 1000)))" \
      dotnet "$root/.build/rlt/rlt.dll" "$command" --config "$work/$kind.yaml" --out "$out" >>"$work/log" 2>&1 || code=$?
  fi
  echo "$code"
}

# What a run leaves that must not depend on where it was killed.
result() {
  (
    cd "$1"
    for file in $(find model student samples.jsonl traces.jsonl results.jsonl summary.json -type f -not -name README.md 2>/dev/null | sort); do sha256sum "$file"; done
    if [ -f metrics.jsonl ]; then sed -E "s/,?\"$measured\":[^,}]*//g" metrics.jsonl; fi
  )
}

failed=0
for kind in "${kinds[@]}"; do
  start=$(now)
  [ "$(run_for 0 "$kind" "$work/$kind-whole")" -eq 0 ] || { tail -5 "$work/log" >&2; echo "kill-resume: the uninterrupted $kind failed" >&2; exit 3; }
  length=$((($(now) - start) / 1000000))
  done_kills=0 runs=0 same=0
  while [ "$done_kills" -lt "$kills" ]; do
    out=$work/$kind-$runs
    # Killed at moments from the very start to past the end, until it is through.
    while :; do
      code=$(run_for $((50 + RANDOM * length / 32768)) "$kind" "$out")
      [ "$code" -eq 137 ] || break
      done_kills=$((done_kills + 1))
      if [ "$done_kills" -ge "$kills" ]; then code=$(run_for 0 "$kind" "$out"); break; fi
    done
    runs=$((runs + 1))
    if [ "$code" -ne 0 ]; then
      echo "$kind: run $runs ended with exit code $code; see $work/log" >&2
      failed=1
      break
    elif [ "$(result "$out")" = "$(result "$work/$kind-whole")" ]; then
      same=$((same + 1))
      rm -rf "$out"
    else
      echo "$kind: $out differs from $work/$kind-whole" >&2
      diff <(result "$work/$kind-whole") <(result "$out") | head -5 >&2
      failed=1
    fi
  done
  echo "$kind: $done_kills kills in $runs runs of $length ms, $same of $runs runs the same as the uninterrupted one"
done
if [ "$failed" -eq 0 ]; then rm -rf "$work"; else echo "kept: $work" >&2; fi
exit "$failed"
