#!/usr/bin/env bash
# Measures rlt beside eager TorchSharp (the operators of a current PyTorch) and llama.cpp (LLamaSharp's package), both from NuGet, in one session, in turns;
# prints a Markdown table of medians. RLT_CPU=avx2 keeps rlt and libtorch to AVX2; llama.cpp chooses for itself.
# usage: bench-peers.sh [bf16|fp32] [ROUNDS] [30m|qwen2.5-0.5b]
#        bench-peers.sh opd [bf16|fp32] [ROUNDS] [30m|30m-words] [SAMPLES=64]   a step of on-policy distillation, and its peak memory
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
opd=
if [ "${1:-}" = opd ]; then opd=1; shift; fi
dtype=${1:-bf16} rounds=${2:-3} shape=${3:-30m}
rows=1,4,8,16,64 reps=1 batch=8
if [ "$shape" != 30m ]; then batch=4; fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$root/scripts/build.sh" >&2
dotnet build "$root/scripts/peers" -c Release -v q -nologo >"$work/build.log" 2>&1 || { grep -E 'error' "$work/build.log" | sort -u | head -5 >&2; exit 2; }
peers() { dotnet "$root/.build/peers/peers.dll" "$@"; }

if [ -n "$opd" ]; then
  samples=${4:-64}
  for round in $(seq "$rounds"); do
    echo "bench-peers: round $round of $rounds" >&2
    "$root/scripts/rlt" bench --shape "$shape" --dtype "$dtype" --parts opd --questions "$samples" --group 1 --reps "$reps" >"$work/rlt.json"
    sed -n '/"opd_step"/,/}/p' "$work/rlt.json" >&2
    peers opd-rlt "$work/rlt.json" >>"$work/lines"
    peers opd "$shape" "$dtype" "$samples" "$reps" >>"$work/lines"
  done
  peers table "on-policy distillation, $shape, $dtype, $samples samples" "$work/lines"
  exit
fi

for round in $(seq "$rounds"); do
  echo "bench-peers: round $round of $rounds" >&2
  "$root/scripts/rlt" bench --shape "$shape" --dtype "$dtype" --parts prefill,score,sft,decode --batch "$batch" --rows "$rows" --reps "$reps" >"$work/rlt.json"
  peers rlt "$work/rlt.json" >>"$work/lines"
  peers torch "$shape" "$dtype" "$batch" "$rows" "$reps" >>"$work/lines"
  peers llama "$shape" "$dtype" "$work/model.gguf" "$rows" "$reps" >>"$work/lines"
done
peers table "$shape, $dtype" "$work/lines"
