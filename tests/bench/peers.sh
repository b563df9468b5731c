#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# ctest: long released serial timeout=2400
#
# Goal: other products and ours, the same changes, one after the other on one machine. Prints a table; nothing is judged,
# but that two devices of each product have the same at the end.
. "${SOURCE_DIR:?}/tests/lib/test.sh"
command -v node >/dev/null && command -v npm >/dev/null || skip "node or npm is not installed"

step "the products, by name and version"
place=$BUILD_DIR/bench-peers
mkdir -p "$place"
cp "$SOURCE_DIR"/tests/bench/peers/* "$place"
# Not `npm ci`: the lock file misses what one product offers to other kinds of machines.
(cd "$place" && timeout 900 npm install --no-save --no-audit --no-fund >"$WORK/npm.log" 2>&1) || skip "the npm packages could not be installed"

step "their rows and ours"
mkdir "$WORK/peers"
expect 0 node "$place/run.mjs" "$BUILD_DIR/tests/bench/passerelle-bench" "$WORK/peers"
cat "$OUT"
same "rows that failed" 0 "$(grep -c failed "$OUT")"
