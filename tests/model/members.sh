#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# ctest: timeout=600
#
# Goal: for three devices, two of them admins, and one server, every order of what they do keeps the promises of
# members.pml; and with each of six rules left out, a case is found in which one is broken. MODEL_ENTRIES entries are
# explored exhaustively after the founding (4; the rules that are left out need no more than 3).
set -euo pipefail
command -v spin >/dev/null || { echo "spin is not installed"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# explore BREAK ENTRIES: prints what the verifier found.
explore() {
    spin -DBREAK="$1" -DENTRIES="$2" -a "${SOURCE_DIR:?}/tests/model/members.pml" >spin.log
    cc -O1 -w -DSAFETY -DCOLLAPSE -DMEMLIM=2000 -o pan pan.c
    ./pan -m200000 | tee pan.log
}

entries=${MODEL_ENTRIES:-4}
explore 0 "$entries" >/dev/null
grep -q 'errors: 0' pan.log && ! grep -q 'max search depth too small\|out of memory' pan.log ||
    { cat pan.log; exit 1; }
echo "$entries entries, all rules: $(sed -n 's/^ *\([0-9e.+]*\) states, stored.*/\1 states/p' pan.log), 0 errors"
for rule in 1 2 3 4 5 6; do
    explore $rule 3 >/dev/null || true
    grep -q 'errors: 1' pan.log || { echo "rule $rule left out, and nothing was found"; exit 1; }
    echo "rule $rule left out: $(sed -n 's/^pan:1: //p' pan.log | cut -c1-90)"
done
