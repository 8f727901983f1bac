#!/usr/bin/env bash
# Makes data/small again: the small world's base model, its frozen reward student, and the larger base model. About half an hour on 2 CPU cores.
# Everything is seeded, so the same machine makes the same weights.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
scripts/setup.sh
run=runs/small
[ -f $run/world/heldout.jsonl ] || scripts/rlt world --out $run/world --seed 1
for size in "" -large; do
  [ -f $run/init$size/model.safetensors ] || scripts/rlt init --from $run/world/model$size --out $run/init$size --seed 1
done
# The models are small: one thread each, two side by side.
scripts/rlt distill --config configs/small/base-large.yaml &
scripts/rlt distill --config configs/small/base.yaml
mkdir -p data/small/base
cp $run/base/model/* data/small/base/
scripts/rlt distill --config configs/small/student.yaml
wait $!
for model in student base-large; do
  mkdir -p data/small/$model
  cp $run/$model/model/* data/small/$model/
done
scripts/rlt eval --config configs/small/eval.yaml --model data/small/student --data $run/world/heldout.jsonl --out $run/student-eval
