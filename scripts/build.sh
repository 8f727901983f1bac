#!/usr/bin/env bash
# Builds everything into .build/rlt: the CPU kernels (scripts/build-kernels.sh) and the rlt command. One build at a time: a second one waits for the first.
#   scripts/build.sh [--project DIR] [-p:Cuda=true]     -p:Cuda=true takes libtorch for NVIDIA GPUs; later builds remember it (-p:Cuda=false for the CPU)
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
project=src/Rlt.Cli
if [ "${1:-}" = --project ]; then project=$2; shift 2; fi
mkdir -p "$root/.build"
exec 9>"$root/.build/lock"
flock 9
if [ $# -gt 0 ] && [ "$*" != "$(cat "$root/.build/options" 2>/dev/null)" ]; then
  rm -rf "$root/.build/rlt"
  echo "$*" >"$root/.build/options"
fi
options=$(cat "$root/.build/options" 2>/dev/null || true)
log=$root/.build/dotnet.log
fail() {
  grep -E 'error|warning' "$log" | sort -u | head -20 >&2 || tail -20 "$log" >&2
  echo "build: failed (whole log: $log)" >&2
  exit 2
}

# The compiler works while packages are fetched.
"$root/scripts/build-kernels.sh" &
dotnet restore "$root/$project" $options -v q -nologo >"$log" 2>&1 || fail
wait $!
dotnet build "$root/$project" --no-restore -c Release $options -v q -nologo >"$log" 2>&1 || fail
touch "$root/.build/rlt/rlt.dll"
