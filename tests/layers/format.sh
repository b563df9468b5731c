#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: the layout of C files is the one of .clang-format and no discussion.
#
#   tests/layers/format.sh --fix [FILE...]      puts them in form
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
. "$here/../lib/layers.sh"
command -v clang-format >/dev/null || { echo "clang-format is not installed: skipped"; exit 77; }

cd "$root"
if [ "${1:-}" = --fix ]; then
    shift
    if [ $# -eq 0 ]; then
        mapfile -t files < <(tree_files "$root" | grep -E '\.[ch]$')
        set -- "${files[@]}"
    fi
    exec clang-format -i "$@"
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
printf 'int  f( void ){return 0;}\n' >"$scratch/planted.c"
expect_found planted.c:1 clang-format --style=file:.clang-format --dry-run -Werror \
    "$scratch/planted.c"

if ! tree_files "$root" | grep -E '\.[ch]$' |
    xargs -d '\n' -n 8 -P 2 clang-format --dry-run -Werror --ferror-limit=1 2>"$scratch/out"; then
    sed -nE 's/^(.*):([0-9]+):[0-9]+: error:.*/\1:\2/p' "$scratch/out"
    echo "not in form; put right with: tests/layers/format.sh --fix"
    exit 1
fi
