#!/usr/bin/env bash
# Builds the CPU kernels (src/Rlt.Kernels), a library for each processor level and that of the numbers, into .build/kernels: about 20 s in all,
# unless they are there and up to date. Every machine builds all of them, so that a published folder runs on other processors too.
# Without a compiler it says so once: libtorch's own operators then do the same, more slowly. CXX names another compiler.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
sources=$root/src/Rlt.Kernels
build=$root/.build/kernels
cxx=${CXX:-$(command -v g++ || command -v c++ || command -v clang++ || true)}
mkdir -p "$build"
stamp="$cxx $(cat "$sources"/*.* "$sources"/scalars/* "$0" | cksum)"
if [ "$(cat "$build/stamp" 2>/dev/null)" = "$stamp" ]; then exit 0; fi
rm -f "$build"/*.so "$build/stamp"
if [ -z "$cxx" ] || [ "$(uname -m)" != x86_64 ]; then
  echo "build-kernels: no C++ compiler for this x86-64 machine was found; rlt will use libtorch's own operators, which is several times slower" >&2
  echo "$stamp" >"$build/stamp"
  exit 0
fi

echo "build-kernels: building the CPU kernels with $cxx" >&2
compile() {
  "$cxx" -O3 -std=c++17 -shared -fPIC -fvisibility=hidden -fopenmp-simd -fno-math-errno -fno-trapping-math -Wall -Wno-psabi -Wno-maybe-uninitialized \
    "${@:2}" "$sources"/*.cpp -o "$build/librlt_kernels_$1.so" >"$build/$1.log" 2>&1
}
levels=()
compile avx2 -march=x86-64-v3 & levels+=($!)
compile avx512 -march=x86-64-v4 -mprefer-vector-width=512 & levels+=($!)
compile avx512bf16 -march=x86-64-v4 -mavx512bf16 -mprefer-vector-width=512 & levels+=($!)
compile amx -march=x86-64-v4 -mavx512bf16 -mamx-tile -mamx-bf16 -mprefer-vector-width=512 & levels+=($!)

# A library that stands before TorchSharp's needs that one's name alone.
before_torchsharp() {
  mkdir -p "$build/names"
  "$cxx" -shared -fPIC -x c++ /dev/null -Wl,-soname,libLibTorchSharp.so -o "$build/names/libLibTorchSharp.so" &&
    "$cxx" -O2 -std=c++17 -shared -fPIC -fvisibility=hidden -Wall "$sources"/scalars/*.cpp -o "$build/librlt_scalars.so" \
      -Wl,--no-as-needed -L"$build/names" -l:libLibTorchSharp.so
}
before_torchsharp >"$build/scalars.log" 2>&1 & levels+=($!)
for level in "${levels[@]}"; do
  if ! wait "$level"; then
    cat "$build"/*.log | tail -20 >&2
    echo "build-kernels: the build failed (logs: $build/*.log)" >&2
    exit 2
  fi
done
echo "$stamp" >"$build/stamp"
