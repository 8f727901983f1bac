#!/usr/bin/env bash
# Builds everything: the libtorch binding (scripts/build-native.sh) and the rlt command into .build/rlt.
# One build at a time: a second one waits for the first.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$root/.build"
exec 9>"$root/.build/lock"
flock 9
"$root/scripts/build-native.sh"
log=$root/.build/dotnet.log
if ! dotnet build "$root/src/Rlt.Cli" -c Release -o "$root/.build/rlt" -v q -nologo >"$log" 2>&1; then
  grep -E 'error|warning' "$log" | sort -u | head -20 >&2 || tail -20 "$log" >&2
  echo "build: failed (whole log: $log)" >&2
  exit 2
fi
touch "$root/.build/rlt/rlt.dll"
