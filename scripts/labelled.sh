#!/usr/bin/env bash
# Runs a command and writes a label before each line that it says on standard error, so that jobs side by side can be told apart.
#   scripts/labelled.sh LABEL COMMAND [ARGUMENT …]
set -uo pipefail
label=$1
shift
# What is said after Ctrl-C is still to be read.
exec 3> >(trap '' INT; while IFS= read -r line || [ -n "$line" ]; do printf '%s: %s\n' "$label" "$line"; done >&2)
writer=$!
"$@" 2>&3 3>&-
status=$?
exec 3>&-
wait "$writer"
exit "$status"
