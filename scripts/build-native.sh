#!/usr/bin/env bash
# Builds the libtorch binding, .build/native/librlt_torch.so (about 10 s), unless it is there and up to date.
# libtorch is looked for in: $LIBTORCH, the Python package torch of $PYTHON or python3, the distribution's libtorch-dev.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
source_dir=$root/src/TorchSharp.Lite/native
build=$root/.build/native
library=$build/librlt_torch.so

find_libtorch() {
  if [ -n "${LIBTORCH:-}" ]; then
    [ -d "$LIBTORCH" ] || { echo "build-native: LIBTORCH is '$LIBTORCH', which is not a directory; expected the folder that holds include/ and lib/" >&2; exit 2; }
    echo "$LIBTORCH"
    return
  fi
  "${PYTHON:-python3}" -c 'import torch; print(torch.utils.cmake_prefix_path)' 2>/dev/null || true
}

prefix=$(find_libtorch)
cpu=$(grep -m1 '^flags' /proc/cpuinfo | cksum || true)
stamp="$prefix $cpu $(cat "$source_dir"/*.cpp "$source_dir"/kernels/* "$source_dir"/CMakeLists.txt | cksum)"
if [ -f "$library" ] && [ "$(cat "$build/stamp" 2>/dev/null)" = "$stamp" ]; then exit 0; fi

echo "build-native: building the libtorch binding against ${prefix:-the libtorch of the distribution}" >&2
mkdir -p "$build"
log=$build/build.log
if ! { cmake -S "$source_dir" -B "$build" ${prefix:+-DCMAKE_PREFIX_PATH="$prefix"} && cmake --build "$build" -j 4; } >"$log" 2>&1; then
  tail -20 "$log" >&2
  echo "build-native: the build failed (whole log: $log)" >&2
  exit 2
fi
echo "$stamp" >"$build/stamp"
