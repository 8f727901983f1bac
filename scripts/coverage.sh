#!/usr/bin/env bash
# How often the 95% intervals of eval, eval compare and study hold the true mean, by simulation: a Markdown table, a line a design. Without designs the
# usual ones, about a minute on 2 cores.
#   scripts/coverage.sh [--runs 2000] [--seed 1] [DESIGN...]
#   DESIGN, in quotes: n=QUESTIONS k=SAMPLES mean=SHARE difficulty=even|all-or-nothing|beta:SUM (a + b)|beta:A:B (its own mean); for paired differences
#   mean2=SHARE agreement=0..1 (the share of questions with the same rank in difficulty for both models); for a study seeds=S seed_deviation=LOG_ODDS.
#   scripts/coverage.sh --runs 5000 "n=198 k=4 difficulty=beta:3:3" "n=30 k=64 mean=0.05 mean2=0.1 difficulty=beta:2"
# "÷ needed": the intervals' width over that with which exactly 95% would hold the truth, stretched about their estimates. With k = 1 coverage moves in steps: a
# count more or less. "÷ normal": over 2 · 1.96 true standard errors.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
log=$(mktemp)
trap 'rm -f "$log"' EXIT
dotnet build "$root/scripts/coverage" -c Release -v q -nologo >"$log" 2>&1 || { grep -E 'error' "$log" | sort -u | head -5 >&2; exit 2; }
dotnet "$root/.build/coverage/coverage.dll" "$@"
