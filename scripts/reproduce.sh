#!/usr/bin/env bash
# The paper's claims on the small world, with seeds and intervals: trains teachers, students and solvers, compares them on held-out
# questions, and writes RUN_FOLDER/report/report.md. Does its own set-up. On 2 CPU cores: under 60 minutes for claims 1, 3 and 5,
# under 150 with --all (a larger student, transfer to other questions, ablations of the reward).
#   scripts/reproduce.sh [--all] [RUN_FOLDER]
# What is done is kept by its inputs: a stopped run goes on, and a changed config makes again only what depends on it.
# Environment: SEEDS="1 2 3 4 5", of which the claims of --all take the first three; JOBS=2 (the models are small: one thread a job).
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
all=false
if [ "${1:-}" = --all ]; then all=true; shift; fi
run=${1:-runs/reproduce}
read -ra seeds <<<"${SEEDS:-1 2 3 4 5}"
jobs=${JOBS:-2}
small=configs/small
scripts/setup.sh
scripts/build.sh >&2
mkdir -p "$run"
export run

said() { printf '\n== %s (%dm %02ds)\n' "$1" $((SECONDS / 60)) $((SECONDS % 60)) >&2; }

# What a step depends on: its command with the contents of every file that it names; a folder made by another step stands for that step's inputs.
key_of() {
  local word
  for word in "$@"; do
    printf '%s ' "${word//"$run"/RUN}"
    word=${word#*=}
    local made=${word#"$run"/}
    made=${made%/model}
    made=${made%/*.jsonl}
    if [ -f "$run/.steps/$made.inputs" ]; then cat "$run/.steps/$made.inputs"
    elif [ -f "$word" ]; then sha256sum <"$word"
    elif [ -f "$word/model.safetensors" ]; then cat "$word/config.json" "$word/model.safetensors" | sha256sum
    fi
  done | sha256sum
}

# step NAME COMMAND ARGUMENT...: makes RUN_FOLDER/NAME, unless that was done from the same inputs; goes on where it was stopped.
step() {
  local name=$1 key
  shift
  local notes=$run/.steps/$name
  key=$(key_of "$@")
  [ "$(cat "$notes.done" 2>/dev/null)" = "$key" ] && return
  mkdir -p "$(dirname "$notes")" "$(dirname "$run/$name")"
  if [ "$(cat "$notes.inputs" 2>/dev/null)" != "$key" ]; then
    rm -rf "${run:?}/$name"
    echo "$key" >"$notes.inputs"
  fi
  echo "$(date +%H:%M:%S) $name" >&2
  if ! dotnet .build/rlt/rlt.dll "$@" --out "$run/$name" >"$notes.log" 2>&1; then
    tail -3 "$notes.log" >&2
    echo "reproduce: $name failed; its log is $notes.log" >&2
    return 255
  fi
  echo "$key" >"$notes.done"
}
export -f step key_of

# Steps that need nothing of each other run side by side; a failure ends the script after those under way.
queue=()
later() { queue+=("$(printf '%q ' step "$@")"); }
together() {
  said "$1"
  if [ ${#queue[@]} -gt 0 ]; then printf '%s\n' "${queue[@]}" | xargs -d '\n' -P "$jobs" -I{} bash -c 'set -euo pipefail; {}'; fi
  queue=()
}

student() { later "students/$1" distill --config $small/distill.yaml --model "${3:-data/small/base}" --data "$2" --seed "$seed" "${@:4}"; }
evaluate() { later "evals/$1" eval --config $small/eval.yaml --model "$2" --data "${3:-$run/world/heldout.jsonl}" --seed "$seed" --set samples=4 --set temperature=0.6; }
solver() { later "solvers/$1" train-solver --config $small/solver.yaml --model "$2" --data "${3:-$run/world/rl.jsonl}" --seed "$seed" "${@:4}"; }
teacher() { later "teachers/$1" train-teacher --config $small/teacher.yaml --model "$run/warmups/$seed/model" --student data/small/student --data "$run/world/rl.jsonl" --seed "$seed" "${@:2}"; }
collect() { later "traces/$1" collect --config $small/collect.yaml --model "$2" --data "${3:-$run/world/distill.jsonl}" --seed "$seed" "${@:4}"; }
scored=(--set student=data/small/student --set reward.think_kl.mean=1 --set reward.think_kl.max=0.01 --set scoring_tokens=4096)
every_seed() { for seed in "${seeds[@]}"; do "$@"; done; }

said "questions"
[ -f "$run/world/transfer-heldout.jsonl" ] || dotnet .build/rlt/rlt.dll world --out "$run/world" --seed 1

warm_up() {
  later "warmups/$seed" warmup --config $small/warmup.yaml --data "$run/world/warmup.jsonl" --seed "$seed"
  # The solver starts from the same explanations, told as its own thoughts.
  later "students/solver-start-$seed" distill --config $small/distill.yaml --data "$run/world/warmup.jsonl" --seed "$seed" --set steps=300 --set batch_size=48
}
every_seed warm_up
together "warm-up of teachers and solvers"

by_rl() {
  teacher "rlt-$seed"
  solver "start-$seed" "$run/students/solver-start-$seed/model"
}
every_seed by_rl
together "teachers by RL on the RLT reward, solvers by RL on right answers"

write_traces() {
  collect "scored-$seed" "$run/warmups/$seed/model" "$run/world/distill.jsonl" "${scored[@]}" --set samples=6 --set keep=all
  collect "warmup-$seed" "$run/warmups/$seed/model"
  collect "rlt-$seed" "$run/teachers/rlt-$seed/model"
  collect "best-of-2-$seed" "$run/warmups/$seed/model" "$run/world/distill.jsonl" "${scored[@]}" --set samples=2 --set keep=best
  later "traces/solver-$seed" eval --config $small/eval.yaml --model "$run/solvers/start-$seed/model" --data "$run/world/distill.jsonl" --seed "$seed" \
    --set temperature=0.7
}
every_seed write_traces
together "traces"
rank_traces() { later "ranks/$seed" rank --input "$run/traces/scored-$seed/traces.jsonl" --complete; }
every_seed rank_traces
together "traces by their rank"

ranks=(1 2 3 4 5 6)
learn() {
  student "warmup-$seed" "$run/traces/warmup-$seed/traces.jsonl"
  student "rlt-$seed" "$run/traces/rlt-$seed/traces.jsonl"
  student "best-of-2-$seed" "$run/traces/best-of-2-$seed/traces.jsonl"
  student "solver-$seed" "$run/traces/solver-$seed/results.jsonl"
  student "bare-$seed" "$run/world/distill-bare.jsonl"
  student "careful-$seed" "$run/world/distill-careful.jsonl"
  for rank in "${ranks[@]}"; do student "rank-$rank-$seed" "$run/ranks/$seed/rank-$rank.jsonl"; done
}
every_seed learn
together "students"

arms=(warmup rlt best-of-2 solver bare careful "${ranks[@]/#/rank-}")
go_on_by_rl() {
  for arm in none warmup rlt; do
    local start=$run/students/$arm-$seed/model
    [ $arm = none ] && start=data/small/base
    solver "$arm-$seed" "$start"
    solver "short-$arm-$seed" "$start" "$run/world/rl.jsonl" --set steps=8
  done
}
every_seed go_on_by_rl
together "students trained on by RL on right answers"

ask() {
  for arm in "${arms[@]}"; do evaluate "$arm-$seed" "$run/students/$arm-$seed/model"; done
  for arm in start none warmup rlt short-none short-warmup short-rlt; do evaluate "rl-$arm-$seed" "$run/solvers/$arm-$seed/model"; done
  evaluate "base-$seed" data/small/base
}
every_seed ask
together "evaluation"

if $all; then
  seeds=("${seeds[@]:0:3}")
  transfer() {
    for arm in "warmup warmups/$seed" "rlt teachers/rlt-$seed"; do collect "transfer-${arm% *}-$seed" "$run/${arm#* }/model" "$run/world/transfer.jsonl"; done
    solver "transfer-none-$seed" data/small/base "$run/world/transfer.jsonl"
    solver "transfer-rlt-$seed" "$run/students/rlt-$seed/model" "$run/world/transfer.jsonl"
  }
  ablate() {
    teacher "no-kl-$seed" --set reward.think_kl.mean=0 --set reward.think_kl.max=0
    teacher "no-extremes-$seed" --set reward.solution_score.min=0 --set reward.think_kl.max=0
    teacher "weak-kl-$seed" --set reward.think_kl.mean=0.3 --set reward.think_kl.max=0.003
    teacher "strong-kl-$seed" --set reward.think_kl.mean=3 --set reward.think_kl.max=0.03
  }
  ablations=(no-kl no-extremes weak-kl strong-kl)
  every_seed transfer
  every_seed ablate
  together "transfer: traces and RL on other questions; ablations of the reward"
  write_more() { for arm in "${ablations[@]}"; do collect "$arm-$seed" "$run/teachers/$arm-$seed/model"; done; }
  every_seed write_more
  together "traces of the ablated teachers"
  learn_more() {
    for arm in warmup rlt; do
      student "transfer-$arm-$seed" "$run/traces/transfer-$arm-$seed/traces.jsonl"
      student "large-$arm-$seed" "$run/traces/$arm-$seed/traces.jsonl" data/small/base-large --dtype fp32
    done
    for arm in "${ablations[@]}"; do student "$arm-$seed" "$run/traces/$arm-$seed/traces.jsonl"; done
  }
  every_seed learn_more
  together "students: larger ones, of other questions, of ablated teachers"
  ask_more() {
    for arm in large-warmup large-rlt "${ablations[@]}"; do evaluate "$arm-$seed" "$run/students/$arm-$seed/model"; done
    for arm in warmup rlt; do evaluate "transfer-$arm-$seed" "$run/students/transfer-$arm-$seed/model" "$run/world/transfer-heldout.jsonl"; done
    for arm in none rlt; do evaluate "transfer-rl-$arm-$seed" "$run/solvers/transfer-$arm-$seed/model" "$run/world/transfer-heldout.jsonl"; done
    evaluate "transfer-story-$seed" "$run/students/rlt-$seed/model" "$run/world/transfer-heldout.jsonl"
  }
  every_seed ask_more
  together "evaluation"
fi

said "report"
rm -rf "$run/report"
dotnet .build/rlt/rlt.dll study --config $small/study.yaml --runs "$run" --out "$run/report" --partial
cp -r $small "$run/report/configs"
said "done: $run/report/report.md"
