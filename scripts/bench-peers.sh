#!/usr/bin/env bash
# Measures rlt beside PyTorch, and beside llama.cpp where it is there, in one session, in turns; prints a Markdown table of medians.
# usage: bench-peers.sh [bf16|fp32] [ROUNDS] [30m|qwen2.5-0.5b]
# PyTorch: the Python package torch of $PEER_PYTHON or python3 (Debian: apt-get install python3-torch, PEER_PYTHON=/usr/bin/python3), with the settings
# that make it fastest on CPUs. llama.cpp: LLAMA_BENCH=path/to/llama-batched-bench and GGUF=a model of the same shape and dtype.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
dtype=${1:-bf16}
rounds=${2:-3}
shape=${3:-30m}
if [ "$shape" = 30m ]; then batch=16 rows="1 64 256" reps=3; else batch=4 rows="1 16 64" reps=1; fi
threads=$(nproc)
python=${PEER_PYTHON:-python3}
out=$(mktemp)
trap 'rm -f "$out"' EXIT

tuned() {
  env OMP_NUM_THREADS="$threads" OPENBLAS_CORETYPE="$(grep -qm1 avx512bw /proc/cpuinfo && echo SkylakeX || echo Haswell)" \
    GLIBC_TUNABLES=glibc.malloc.mmap_threshold=4294967296:glibc.malloc.trim_threshold=17179869184:glibc.malloc.top_pad=268435456 "$@"
}

ours() {
  "$root/scripts/rlt" bench --shape "$shape" --dtype "$dtype" --parts prefill,score,sft,decode --batch "$batch" --rows "${rows// /,}" --reps "$reps" | "$python" -c '
import json, sys
report = json.load(sys.stdin)
for part in ("prefill", "score", "sft_step"):
    print("rlt", part, report[part]["tokens_per_second"])
for rows, measured in report["decode"].items():
    print("rlt", "decode_" + rows, measured["tokens_per_second"])'
}

torch() {
  for task in score sft; do echo "torch ${task/sft/sft_step} $(one "$task")"; done
  for count in $rows; do echo "torch decode_$count $(one decode --rows "$count")"; done
}

one() {
  tuned "$python" "$root/scripts/bench-torch.py" "$@" --shape "$shape" --dtype "$dtype" --batch "$batch" --threads "$threads" --reps "$reps" |
    "$python" -c 'import json, sys; print(json.load(sys.stdin)["tokens_per_second"])'
}

llama() {
  [ -n "${LLAMA_BENCH:-}" ] && [ -n "${GGUF:-}" ] || return 0
  LD_LIBRARY_PATH=$(dirname "$LLAMA_BENCH") "$LLAMA_BENCH" -m "$GGUF" -c 70000 -b 2048 -ub 512 -fa on -t "$threads" -tb "$threads" \
    -npp 128 -ntg 128 -npl "${rows// /,}" --output-format jsonl 2>/dev/null | "$python" -c '
import json, sys
for line in sys.stdin:
    if line.startswith("{"):
        run = json.loads(line)
        print("llama", "prefill", run["speed_pp"])
        print("llama", f"""decode_{run["pl"]}""", run["speed_tg"])'
}

"$root/scripts/build.sh" >&2
"$python" -c 'import torch' || { echo "bench-peers: $python has no torch; set PEER_PYTHON to one that has" >&2; exit 2; }
for round in $(seq "$rounds"); do
  echo "bench-peers: round $round of $rounds" >&2
  { ours; torch; llama; } >>"$out"
done
"$python" - "$out" "$shape, $dtype" "$rows" <<'TABLE'
import collections, statistics, sys

figures = collections.defaultdict(list)
for line in open(sys.argv[1]):
    who, what, rate = line.split()
    figures[who, what].append(float(rate))
median = {key: statistics.median(values) for key, values in figures.items()}
print(f"| {sys.argv[2]}, tokens/s | rlt | PyTorch, tuned | llama.cpp | rlt against the better |")
print("|---|---|---|---|---|")
for what in ("prefill", "score", "sft_step", *(f"decode_{rows}" for rows in sys.argv[3].split())):
    rates = [median.get((who, what)) for who in ("rlt", "torch", "llama")]
    peers = [rate for rate in rates[1:] if rate]
    ratio = f"{rates[0] / max(peers):.2f}x" if peers else ""
    print(f"| {what.replace('_', ' ')} | " + " | ".join(f"{rate:,.0f}" if rate else "" for rate in rates) + f" | {ratio} |")
TABLE
