#!/usr/bin/env bash
# Makes data/small again: the small world's base model and its frozen reward student. About 25 minutes on 2 CPU cores.
# Everything is seeded, so the same machine makes the same weights.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
scripts/setup.sh
run=runs/small
[ -f $run/world/heldout.jsonl ] || scripts/rlt world --out $run/world --seed 1
[ -f $run/init/model.safetensors ] || scripts/rlt init --from $run/world/model --out $run/init --seed 1
scripts/rlt distill --config configs/small/base.yaml
scripts/rlt distill --config configs/small/student.yaml
for model in base student; do
  mkdir -p data/small/$model
  cp $run/$model/model/* data/small/$model/
done
scripts/rlt eval --config configs/small/eval.yaml --model data/small/student --data $run/world/heldout.jsonl --out $run/student-eval
