#!/usr/bin/env bash
# Breaks the method in one place at a time (scripts/mutants.tsv) in a copy of the working tree, and lists the breaks that no test notices: none should be.
# Takes about a minute for each. Needs what the tests need; the larger golden set, where it is beside the repository, counts too.
# usage: mutants.sh [WORD]    only those whose description has the word
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
git clone -q "$root" "$work/rlt"
if [ -d "$root/../shared" ]; then ln -s "$(cd "$root/../shared" && pwd)" "$work/shared"; fi
cd "$work/rlt"
build() { scripts/build.sh --project tests/Rlt.Tests; }
tests='FullyQualifiedName~Rlt.Tests.Training|FullyQualifiedName~Rlt.Tests.Teaching.Reward|FullyQualifiedName~Rlt.Tests.Teaching.Golden|FullyQualifiedName~TeachingCase|FullyQualifiedName~ExplanationScorer'

# Puts the third argument in the place of the second, which the file must have once.
mutate() {
  OLD=$2 NEW=$3 perl -0777 -i -pe '$n = () = /\Q$ENV{OLD}\E/g; die "mutants: $ARGV has \"$ENV{OLD}\" $n times; expected once\n" if $n != 1; s/\Q$ENV{OLD}\E/$ENV{NEW}/' "$1"
}

run_tests() { dotnet vstest .build/rlt/Rlt.Tests.dll --TestCaseFilter:"$tests"; }
build >&2
run_tests >"$work/log" 2>&1 || { grep '^  Failed ' "$work/log" >&2; echo "mutants: tests fail as it is; mend that first" >&2; exit 2; }

tried=0 survived=0
while IFS=$'\t' read -r what file old new <&3; do
  if [ -z "$what" ] || [[ "$what" != *"${1:-}"* ]]; then continue; fi
  mutate "src/Rlt/$file" "$old" "$new"
  tried=$((tried + 1))
  if ! build >"$work/log" 2>&1; then
    echo "does not build: $what" && survived=$((survived + 1))
  elif run_tests >"$work/log" 2>&1; then
    echo "SURVIVED: $what" && survived=$((survived + 1))
  else
    echo "noticed: $what ($(grep -c '^  Failed ' "$work/log" || true) tests)"
  fi
  git checkout -q -- src
done 3<scripts/mutants.tsv
echo "$tried mutants, $survived survived"
[ "$survived" = 0 ]
