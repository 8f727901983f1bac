#!/usr/bin/env bash
# Installs what building and running need, where it is missing: cmake, a C++ compiler and libtorch (unless LIBTORCH or
# Python's torch is there). Silent and quick when nothing is missing; without root it prints the line to run.
set -euo pipefail

missing=()
command -v cmake >/dev/null || missing+=(cmake)
command -v g++ >/dev/null || missing+=(g++)
command -v make >/dev/null || command -v ninja >/dev/null || missing+=(make)
if [ -z "${LIBTORCH:-}" ] && ! "${PYTHON:-python3}" -c 'import torch' 2>/dev/null; then
  [ -f /usr/include/torch/script.h ] || missing+=(libtorch-dev)
  [ -d /usr/include/gloo ] || missing+=(libgloo-dev)
  [ -f /usr/lib/x86_64-linux-gnu/openblas-openmp/libopenblas.so.0 ] || [ "$(uname -m)" != x86_64 ] || missing+=(libopenblas0-openmp)
fi
if ! command -v dotnet >/dev/null; then
  echo "setup: the .NET 10 SDK is missing (no 'dotnet' on the PATH). Install it: https://dotnet.microsoft.com/download/dotnet/10.0" >&2
  exit 2
fi
[ ${#missing[@]} -gt 0 ] || exit 0

line="apt-get update && apt-get install -y ${missing[*]}"
if ! command -v apt-get >/dev/null; then
  echo "setup: missing: ${missing[*]}. Install them with this system's package manager, or set LIBTORCH to a libtorch folder" >&2
  exit 2
fi
if [ "$(id -u)" != 0 ]; then
  echo "setup: missing: ${missing[*]}. Run: sudo sh -c '$line'" >&2
  exit 2
fi
echo "setup: installing ${missing[*]}" >&2
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
if ! { apt-get update -qq && apt-get install -y -qq "${missing[@]}"; } >"$log" 2>&1; then
  tail -20 "$log" >&2
  echo "setup: the installation failed (whole log: $log)" >&2
  exit 3
fi
rm -f "$log"
