#!/usr/bin/env bash
# Looks for what building and running need: the .NET 10 SDK, without which nothing goes, and, for speed, a C++ compiler, which is installed with apt where
# it is missing. Silent and quick when nothing is missing; without root it prints the line to run.
#   scripts/setup.sh [--mpi]     --mpi: also an MPI, for runs on several ranks (Open MPI, where no mpirun is there)
set -euo pipefail

if ! command -v dotnet >/dev/null; then
  echo "setup: the .NET 10 SDK is missing (no 'dotnet' on the PATH). Install it: https://dotnet.microsoft.com/download/dotnet/10.0" >&2
  exit 2
fi
missing=(g++)
for compiler in "${CXX:-g++}" c++ clang++; do
  if command -v "$compiler" >/dev/null; then missing=(); fi
done
if [ "${1:-}" = --mpi ] && ! command -v mpirun >/dev/null; then missing+=(openmpi-bin); fi
if [ ${#missing[@]} = 0 ]; then exit 0; fi

# A minimal system lacks the C++ runtime too, which libtorch needs.
line="apt-get update && apt-get install -y --no-install-recommends ${missing[*]}"
if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
  echo "setup: not found: ${missing[*]}; without a C++ compiler rlt is several times slower, without MPI it runs as one process." \
    "Install them (Debian, Ubuntu: sudo sh -c '$line') and run this again" >&2
  exit 0
fi
echo "setup: installing ${missing[*]}" >&2
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
if ! { apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
  tail -20 "$log" >&2
  echo "setup: the installation failed (whole log: $log); going on without ${missing[*]}" >&2
  exit 0
fi
rm -f "$log"
